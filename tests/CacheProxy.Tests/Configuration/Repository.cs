namespace CacheProxy.Tests.Configuration;

/// <summary>Files of the repository, found from where the tests run.</summary>
internal static class Repository
{
    public static string File(string path)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(Path.Combine(directory.FullName, "Playground.sln"))) directory = directory.Parent;
        return Path.Combine(directory?.FullName ?? throw new InvalidOperationException("The tests do not run below the repository."), path);
    }
}
