using System.Runtime.CompilerServices;
using CacheProxy.Configuration;
using CacheProxy.Engine.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Prometheus;
using static CacheProxy.Tests.Configuration.RoutesText;

namespace CacheProxy.Tests.Configuration;

public sealed class RoutesReloadTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("routes");

    private string File => Path.Combine(_directory.FullName, "routes.json");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Sources_Order_IsAppsettingsFileSecretsEnvironmentCommandLine()
    {
        var secrets = _directory.CreateSubdirectory("secrets");
        System.IO.File.WriteAllText(Path.Combine(_directory.FullName, "appsettings.json"), """{ "CachePolicies": { "p": { "Ttl": "1s", "Jitter": "0.1" } }, "AccessLog": "On" }""");
        System.IO.File.WriteAllText(File, With(policies: """ "p": { "Ttl": "2s" } """));
        System.IO.File.WriteAllText(Path.Combine(secrets.FullName, "CachePolicies__p__StaleIfError"), "3s");
        System.IO.File.WriteAllText(Path.Combine(secrets.FullName, "Webhooks__Secrets__0"), "from-a-file");
        var builder = Builder([$"--Routes:Path={File}", "--CachePolicies:p:StaleIfError=4s"], secrets.FullName, out var provider);

        Assert.Equal(File, provider!.Path);
        Assert.Equal("2s", builder.Configuration["CachePolicies:p:Ttl"]);
        Assert.Equal("0.1", builder.Configuration["CachePolicies:p:Jitter"]);
        Assert.Equal("4s", builder.Configuration["CachePolicies:p:StaleIfError"]);
        Assert.Equal("from-a-file", builder.Configuration["Webhooks:Secrets:0"]);
        Assert.Equal("On", builder.Configuration["AccessLog"]);
    }

    [Fact]
    public void Sources_To_NeedsNoFile()
    {
        var builder = Builder(["--to", "http://localhost:8000"], null, out var provider);
        var loaded = LoadedConfiguration.Load(builder.Configuration, provider);

        Assert.Null(provider);
        Assert.True(loaded.Routes.Policies["origin"].FollowsOrigin);
        Assert.Equal("http://localhost:8000", loaded.Routes.ReverseProxy["Clusters:origin:Destinations:origin:Address"]);
        Assert.Throws<ConfigurationException>(() => Builder(["--to", "localhost"], null, out _));
    }

    [Fact]
    public void Load_BrokenFileAndSettings_ThrowsWithAllErrors()
    {
        System.IO.File.WriteAllText(File, With(policies: """ "p": { "Ttl": "Forever", "Tttl": 1 } """));
        var builder = Builder([$"--Routes:Path={File}", "--Redis:Timeout=5"], null, out var provider);

        var error = Assert.Throws<ConfigurationException>(() => LoadedConfiguration.Load(builder.Configuration, provider));

        Assert.Equal(3, error.Errors.Count);
        foreach (var part in new[] { File, "CachePolicies.p.Ttl", "Forever", "CachePolicies.p.Tttl", "Redis.Timeout" }) Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_MissingFile_SaysWhatToDo()
    {
        var builder = Builder([$"--Routes:Path={File}"], null, out var provider);

        Assert.Contains("--to URL", Assert.Throws<ConfigurationException>(() => LoadedConfiguration.Load(builder.Configuration, provider)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watcher_ChangedContent_SwapsOnlyWhatIsValid()
    {
        System.IO.File.WriteAllText(File, With(policies: """ "p": { "Ttl": "1m" } """));
        var builder = Builder([$"--Routes:Path={File}", "--CachePolicies:p:Jitter=0.5"], null, out var provider);
        var loaded = LoadedConfiguration.Load(builder.Configuration, provider);
        var metrics = new CacheMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()));
        var catalog = new PolicyCatalog(metrics);
        catalog.Prepare(loaded.Routes);
        catalog.Apply();
        var time = new FakeTimeProvider();
        var reloads = 0;
        using var changes = Microsoft.Extensions.Primitives.ChangeToken.OnChange(((IConfiguration)builder.Configuration).GetReloadToken, () => { reloads++; catalog.Apply(); });
        using var watcher = new RoutesFileWatcher(provider!, builder.Configuration, catalog, metrics, time, NullLogger<RoutesFileWatcher>.Instance);
        await watcher.StartAsync(CancellationToken.None);

        Replace(With(policies: """ "p": { "Ttl": "2m" } """));
        await Until(() => catalog.Current.Policies["p"].Ttl == TimeSpan.FromMinutes(2));
        Assert.Equal(0.5, catalog.Current.Policies["p"].Jitter);
        Assert.Equal("2m", builder.Configuration["CachePolicies:p:Ttl"]);
        Assert.NotEqual(loaded.Routes.Hash, catalog.Current.Hash);

        Replace(With(policies: """ "p": { "Ttl": "Forever" } """));
        await Until(() => metrics.ConfigValid.Value == 0);
        Replace("{ half");
        for (var i = 0; i < 3; i++) await Tick();
        System.IO.File.Delete(File);
        for (var i = 0; i < 3; i++) await Tick();
        Assert.Equal(TimeSpan.FromMinutes(2), catalog.Current.Policies["p"].Ttl);
        Assert.Equal("2m", builder.Configuration["CachePolicies:p:Ttl"]);
        Assert.Equal(1, reloads);

        Replace(With(policies: """ "p": { "Ttl": "3m" }, "q": { "Ttl": "Origin" } """));
        await Until(() => catalog.Find("q") is not null);
        Assert.Equal(1, metrics.ConfigValid.Value);
        Assert.Equal(2, reloads);
        await watcher.StopAsync(CancellationToken.None);

        Task Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") => Poll.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return condition();
        }, what);

        async Task Tick()
        {
            time.Advance(TimeSpan.FromSeconds(1));
            // Nothing shall come of it, so there is nothing to wait for: a look at the file that would take what is broken has so long for it.
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    [Fact]
    public void Catalog_RefusedByYarp_KeepsWhatWasInEffect()
    {
        var metrics = new CacheMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()));
        var catalog = new PolicyCatalog(metrics);
        catalog.Prepare(LoadedRoutes.Empty with { Hash = "1" });
        catalog.Apply();
        catalog.Prepare(LoadedRoutes.Empty with { Hash = "2" });
        Assert.Equal("2", catalog.Pending.Hash);

        catalog.Discard();

        Assert.Equal("1", catalog.Pending.Hash);
        Assert.Equal("1", catalog.Current.Hash);
        Assert.Equal(0, metrics.ConfigValid.Value);
    }

    [Fact]
    public void Commands_CheckAndPolicies_SayWhatWouldBe()
    {
        System.IO.File.WriteAllText(File, With(policies: """ "p": { "Key": "p:{id}", "Ttl": "1m" } """, routes: Route("p")));
        var environment = new HostEnvironment(_directory.FullName);
        using var output = new StringWriter();
        using var error = new StringWriter();

        Assert.Equal(0, ConfigurationCommands.Check(environment, [$"--Routes:Path={File}"], output, error));
        Assert.Equal(0, ConfigurationCommands.Policies(environment, [$"--Routes:Path={File}"], output, error));
        Assert.Contains("2 routes, 1 policies, 0 events", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("p:{id}", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, ConfigurationCommands.Check(environment, [$"--Routes:Path={File}", "--CachePolicies:p:Ttl=soon"], output, error));
        Assert.Contains("CachePolicies.p.Ttl: \"soon\"", error.ToString(), StringComparison.Ordinal);
    }

    // By renaming, as editors and orchestrators do it.
    private void Replace(string text)
    {
        System.IO.File.WriteAllText(File + ".new", text);
        System.IO.File.Move(File + ".new", File, overwrite: true);
    }

    private WebApplicationBuilder Builder(string[] args, string? secrets, out RoutesFileProvider? provider)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = _directory.FullName, EnvironmentName = Environments.Production });
        provider = builder.Configuration.UseSources(builder.Environment, args, secrets ?? Path.Combine(_directory.FullName, "none"));
        return builder;
    }

    private sealed class HostEnvironment(string root) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = Environments.Production;

        public string ApplicationName { get; set; } = "test";

        public string ContentRootPath { get; set; } = root;

        public Microsoft.Extensions.FileProviders.IFileProvider ContentRootFileProvider { get; set; } = new Microsoft.Extensions.FileProviders.NullFileProvider();
    }
}
