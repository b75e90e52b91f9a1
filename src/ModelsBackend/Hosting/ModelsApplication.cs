using System.Text.Json;
using System.Text.Json.Serialization;
using CacheProxy.Client;
using CacheProxy.Client.Outbox;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using ModelsBackend.Data;
using ModelsBackend.Evaluation;
using ModelsBackend.Runs;
using ModelsBackend.Training;

namespace ModelsBackend.Hosting;

/// <summary>The composition: services, pipeline, endpoints.</summary>
public static class ModelsApplication
{
    private const string DefaultUrl = "http://localhost:8000";
    private const string OutboxScope = "outbox:write";

    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        // Secrets that a container gets as files, a key per file (CacheProxy__Secret …).
        builder.Configuration.AddKeyPerFile("/run/secrets", optional: true);
        AddDefaults(builder.Configuration);
        if (string.IsNullOrEmpty(builder.Configuration["Urls"])) builder.WebHost.UseUrls(DefaultUrl);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);

        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddDbContextFactory<ModelsDbContext>(options => options.UseSqlite(builder.Configuration.GetConnectionString("Models")));
        services.AddCacheProxyClient(builder.Configuration.GetSection("CacheProxy")).AddCacheProxyOutbox<EfOutboxStore>();
        services.AddSingleton<WriteTurn>().AddSingleton<ModelsDatabase>().AddSingleton<Readiness>().AddSingleton<TrainingQueue>().AddSingleton<Calibration>().AddSingleton<Evaluations>();
        services.AddHostedService<FirstStart>().AddHostedService<TrainingWorker>();
        services.AddOwnerAuthentication(builder.Configuration);

        // Authentication brings data protection along; nothing here is protected by it, so no key need be kept on disk.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddAuthorizationBuilder().AddPolicy(OutboxScope, policy => policy.RequireAssertion(c =>
            c.User.FindAll("scope").Any(s => s.Value.Split(' ').Contains(OutboxScope))));
        services.AddProblemDetails();
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = false);
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.AllowDuplicateProperties = false;
            options.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip;
        });

        var app = builder.Build();

        // Middleware pipeline: order matters.
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAuthentication();
        app.Use(UntilReadyAsync);
        app.UseAuthorization();

        app.MapGet("/healthz", HealthAsync);
        var models = app.MapGroup("/api/v1/models");
        TrainingEndpoints.Map(models);
        ReadingEndpoints.Map(models);
        EvaluationEndpoints.Map(models);
        app.MapCacheOutbox("/outbox").RequireAuthorization(OutboxScope);
        return app;
    }

    // Below every other source, so that anything may override it; in code, so that it does not depend on the working directory.
    private static void AddDefaults(ConfigurationManager configuration)
    {
        var defaults = new Dictionary<string, string?>
        {
            ["ConnectionStrings:Models"] = "Data Source=data/models.db",
            ["Logging:LogLevel:Default"] = "Information",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
            ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Warning",
            ["Logging:LogLevel:System.Net.Http"] = "Warning",
        };

        // Targets of one's own replace the default one, under whichever index.
        if (!configuration.GetSection("CacheProxy:Targets").GetChildren().Any()) defaults["CacheProxy:Targets:0"] = "http://localhost:7080";
        ((IConfigurationBuilder)configuration).Sources.Insert(0, new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource { InitialData = defaults });
    }

    private static Task UntilReadyAsync(HttpContext context, RequestDelegate next)
    {
        var readiness = context.RequestServices.GetRequiredService<Readiness>();
        if (readiness.IsReady || context.Request.Path == "/healthz") return next(context);
        context.Response.Headers.RetryAfter = "1";
        return Results.Problem($"The service is starting: {readiness.Doing}.", statusCode: 503, type: "urn:models:starting").ExecuteAsync(context);
    }

    private static async Task<IResult> HealthAsync(Readiness readiness, OutboxProgress outbox, CancellationToken cancellationToken)
    {
        if (!readiness.IsReady) return Results.Json(new Health("starting", readiness.Doing, null), statusCode: 503);
        return Results.Ok(new Health("ready", null, await outbox.CountAsync(cancellationToken)));
    }

    /// <summary>What <c>/healthz</c> says. Dead letters do not make it unhealthy: a restart would not mend them.</summary>
    internal sealed record Health(string Status, string? Doing, OutboxCounts? Outbox);
}
