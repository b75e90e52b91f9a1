# The proxy as one native program. Build from the repository's root:
#   docker build -f deploy/CacheProxy.Dockerfile -t playground/cacheproxy .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
# The native linker needs both.
RUN apt-get update \
    && apt-get install -y --no-install-recommends clang zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# The projects alone first: restoring is repeated only when a reference changes.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/CacheProxy.Engine/CacheProxy.Engine.csproj src/CacheProxy.Engine/
COPY src/CacheProxy/CacheProxy.csproj src/CacheProxy/
RUN dotnet restore --use-current-runtime src/CacheProxy
COPY config/ config/
COPY src/CacheProxy.Engine/ src/CacheProxy.Engine/
COPY src/CacheProxy/ src/CacheProxy/
RUN dotnet publish --use-current-runtime --no-restore -c Release -o /app src/CacheProxy \
    && rm -f /app/*.dbg /app/*.xml

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0
WORKDIR /app
COPY --from=build /app/ ./
COPY config/ config/
# All interfaces, since a container has its own; readiness turns red 5 s before connections are refused.
ENV ASPNETCORE_URLS=http://+:7080 \
    Admin__Url=http://+:7081 \
    Shutdown__Delay=5s
EXPOSE 7080 7081
USER $APP_UID
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["./CacheProxy", "health"]
ENTRYPOINT ["./CacheProxy"]
