using System.Reflection;

namespace CacheProxy.Engine.Tests.Architecture;

/// <summary>The rooms and who may know whom (DESIGN 14); everybody may know <c>Http</c>, <c>Telemetry</c> and what stands at the root.</summary>
public class ArrowTests
{
    private const string Root = "CacheProxy.Engine";

    private static readonly Dictionary<string, string[]> s_mayKnow = new()
    {
        ["Http"] = [],
        ["Telemetry"] = [],
        ["Policies"] = [],
        ["Redis"] = [],
        ["Invalidation"] = ["Redis", "Policies"],
        ["Storage"] = ["Invalidation", "Redis"],
        ["Access"] = ["Policies", "Storage", "Invalidation"],
        ["Caching"] = ["Policies", "Access", "Storage", "Invalidation"],
    };

    [Fact]
    public void Rooms_KnowOnlyWhomTheyMay()
    {
        var found = new SortedSet<string>();
        foreach (var type in typeof(IOrigin).Assembly.GetTypes())
        {
            if (RoomOf(type) is not { } room) continue;
            foreach (var other in Known(type).Select(RoomOf).OfType<string>())
                if (other != room && other is not ("Http" or "Telemetry") && !s_mayKnow[room].Contains(other)) found.Add($"{room} knows {other} ({type.FullName})");
        }
        Assert.Empty(found);
    }

    [Fact]
    public void Rooms_AreAllNamed() =>
        Assert.DoesNotContain(typeof(IOrigin).Assembly.GetTypes().Select(RoomOf).OfType<string>().Distinct(), room => !s_mayKnow.ContainsKey(room));

    private static string? RoomOf(Type type)
    {
        var space = type.Namespace;
        return space is null || !space.StartsWith(Root + ".", StringComparison.Ordinal) ? null : space[(Root.Length + 1)..].Split('.')[0];
    }

    private static IEnumerable<Type> Known(Type type)
    {
        const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var known = new List<Type?> { type.BaseType };
        known.AddRange(type.GetInterfaces());
        known.AddRange(type.GetFields(All).Select(static field => field.FieldType));
        foreach (var method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
        {
            known.AddRange(method.GetParameters().Select(static parameter => parameter.ParameterType));
            known.AddRange(method.GetMethodBody()?.LocalVariables.Select(static local => local.LocalType) ?? []);
            known.Add((method as MethodInfo)?.ReturnType);
        }
        return known.OfType<Type>().SelectMany(Parts);
    }

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!) : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];
}
