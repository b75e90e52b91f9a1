using System.Globalization;

namespace Bench.Parts;

/// <summary>wrk's Lua scripts.</summary>
internal static class Scripts
{
    /// <summary>Argument: how many ids to go round.</summary>
    public static string Cycle { get; } = Write("""
        local count, n
        function init(args) count, n = tonumber(args[1]), 0 end
        function request()
          n = (n + 1) % count
          return wrk.format('GET', '/api/v1/models/train/id-' .. n .. '/metrics')
        end
        """);

    /// <summary>Argument: a prefix that no other round has.</summary>
    public static string Once { get; } = Write("""
        local prefix, n
        function init(args) prefix, n = args[1], 0 end
        function request()
          n = n + 1
          return wrk.format('GET', '/api/v1/models/train/' .. prefix .. '-' .. n .. '/metrics')
        end
        """);

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Write(string lua)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("cacheproxy-bench-").FullName, "script.lua");
        File.WriteAllText(path, lua);
        return path;
    }
}
