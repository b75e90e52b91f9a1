using System.Collections.Immutable;
using System.Net;

namespace CacheProxy.Hosting.Requests;

/// <summary>Whose <c>X-Forwarded-*</c> is believed (<c>ForwardedHeaders</c>).</summary>
public sealed record ForwardedOptions
{
    /// <summary><c>ForwardedHeaders:KnownNetworks</c>: networks in CIDR form, or single addresses; a list, or one string with commas. None by default.</summary>
    public ImmutableArray<IPNetwork> KnownNetworks { get; init; } = [];

    /// <summary>Reads the section; what is wrong is added to <paramref name="errors"/>.</summary>
    public static ForwardedOptions Read(IConfiguration configuration, ICollection<string> errors)
    {
        var section = configuration.GetSection("ForwardedHeaders:KnownNetworks");
        var texts = (section.Value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Concat(section.GetChildren().Select(child => child.Value).OfType<string>().Where(value => value.Length > 0));
        var networks = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var text in texts)
        {
            if (IPNetwork.TryParse(text, out var network)) networks.Add(network);
            else if (IPAddress.TryParse(text, out var address)) networks.Add(new(address, address.GetAddressBytes().Length * 8));
            else errors.Add($"{section.Path} has '{text}', which is not a network. Write for instance 10.0.0.0/8, or a single address.");
        }

        return new() { KnownNetworks = networks.ToImmutable() };
    }

    /// <summary>Whether the address is in one of the networks; an IPv4 address that arrived over IPv6 is taken as IPv4.</summary>
    public bool Knows(IPAddress? address)
    {
        if (address is null || KnownNetworks.IsEmpty) return false;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var network in KnownNetworks)
            if (network.Contains(address)) return true;
        return false;
    }
}
