using CacheProxy.Configuration;
using CacheProxy.Hosting.Health;
using CacheProxy.Tests.Configuration;
using Microsoft.Extensions.Configuration;
using YamlDotNet.RepresentationModel;

namespace CacheProxy.Tests.Deployment;

/// <summary>deploy/kubernetes is held against the code: its settings exist and are valid, its probes and ports are there, and what refers to something finds it.</summary>
public sealed class KubernetesTests
{
    private const string Name = "app.kubernetes.io/name";
    private readonly List<YamlMappingNode> _objects = Load();

    [Fact]
    public void Settings_OfTheContainerAndItsRoutes_ExistAndAreValid()
    {
        var errors = new ConfigurationErrors();
        var values = RoutesFile.Parse(Text(One("ConfigMap")["data"]["routes.json"]), errors);
        foreach (var variable in List(Proxy["env"])) values[Text(variable["name"]).Replace("__", ":", StringComparison.Ordinal)] = ValueOf(variable);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        var settings = ProxySettingsReader.Read(configuration, errors);
        RoomSettings.Check(configuration, errors);
        var routes = RoutesValidator.Validate(configuration, errors);

        Assert.Empty(errors);
        Assert.NotNull(settings.RedisConnection);
        Assert.NotEmpty(routes.Policies);
        // The readers do not look at sections that are none of theirs.
        var page = File.ReadAllText(Repository.File("docs/configuration.md"));
        Assert.All(List(Proxy["env"]), variable => Assert.Contains($"`{Text(variable["name"]).Split("__")[0]}:", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Probes_AskThePagesOfTheOperatorsListener()
    {
        foreach (var (probe, path) in new[] { ("startupProbe", HealthPages.LivePath), ("livenessProbe", HealthPages.LivePath), ("readinessProbe", HealthPages.ReadyPath) })
        {
            Assert.Equal(path, Text(Proxy[probe]["httpGet"]["path"]));
            Assert.Equal("operators", Text(Proxy[probe]["httpGet"]["port"]));
        }
        Assert.Equal([("clients", "7080"), ("operators", "7081")], [.. List(Proxy["ports"]).Select(static port => (Text(port["name"]), Text(port["containerPort"])))]);
    }

    [Fact]
    public void References_OfServicesVolumesAndSelectors_FindWhatTheyName()
    {
        var pod = One("Deployment")["spec"]["template"];
        var ports = List(Proxy["ports"]).Select(static port => Text(port["name"])).ToList();
        var services = _objects.Where(static item => Text(item["kind"]) == "Service").ToList();

        Assert.Equal(2, services.Count);
        foreach (var service in services)
        {
            Assert.Equal(Text(pod["metadata"]["labels"][Name]), Text(service["spec"]["selector"][Name]));
            Assert.All(List(service["spec"]["ports"]), port => Assert.Contains(Text(port["targetPort"]), ports));
        }
        Assert.Equal(Text(pod["metadata"]["labels"][Name]), Text(One("Deployment")["spec"]["selector"]["matchLabels"][Name]));
        var volume = Assert.Single(List(pod["spec"]["volumes"]));
        Assert.Equal(Text(One("ConfigMap")["metadata"]["name"]), Text(volume["configMap"]["name"]));
        Assert.Equal(Text(volume["name"]), Text(Assert.Single(List(Proxy["volumeMounts"]))["name"]));
    }

    private YamlNode Proxy => List(One("Deployment")["spec"]["template"]["spec"]["containers"]).Single(static container => Text(container["name"]) == "cacheproxy");

    private YamlMappingNode One(string kind) => _objects.Single(item => Text(item["kind"]) == kind);

    private static List<YamlMappingNode> Load()
    {
        var stream = new YamlStream();
        using var text = File.OpenText(Repository.File("deploy/kubernetes/sidecar.yaml"));
        stream.Load(text);
        return [.. stream.Documents.Select(static document => (YamlMappingNode)document.RootNode)];
    }

    private static IEnumerable<YamlNode> List(YamlNode node) => (YamlSequenceNode)node;

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static string ValueOf(YamlNode variable) => ((YamlMappingNode)variable).Children.TryGetValue("value", out var value)
        ? Text(value)
        : Text(variable["valueFrom"]["secretKeyRef"]["key"]) switch
        {
            "redis" => "redis://:password@redis:6379",
            "webhook-secret" => "whsec_" + Convert.ToBase64String(new byte[32]),
            "operator-key" => Convert.ToBase64String(new byte[32]),
            var key => throw new InvalidOperationException($"The secret has no {key}."),
        };
}
