# The models backend. Build from the repository's root:
#   docker build -f deploy/ModelsBackend.Dockerfile -t playground/models-backend .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/CacheProxy.Client/CacheProxy.Client.csproj src/CacheProxy.Client/
COPY src/ModelsBackend/ModelsBackend.csproj src/ModelsBackend/
RUN dotnet restore src/ModelsBackend
COPY src/CacheProxy.Client/ src/CacheProxy.Client/
COPY src/ModelsBackend/ src/ModelsBackend/
# The data folder is made here, owned by the user that runs, so that a named volume inherits it.
RUN dotnet publish --no-restore -c Release -o /app src/ModelsBackend && mkdir /data

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# The health check asks over HTTP.
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/ ./
COPY --from=build --chown=$APP_UID /data /data
ENV ASPNETCORE_URLS=http://+:8000 \
    ConnectionStrings__Models="Data Source=/data/models.db"
EXPOSE 8000
VOLUME /data
USER $APP_UID
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["curl", "-fsS", "http://127.0.0.1:8000/healthz"]
ENTRYPOINT ["dotnet", "ModelsBackend.dll"]
