namespace Launcher;

/// <summary>Where the repository is, from wherever the launcher was built or called.</summary>
internal static class Repository
{
    /// <exception cref="LaunchException">The launcher does not run from within a clone.</exception>
    public static string FindRoot()
    {
        foreach (var start in (string[])[AppContext.BaseDirectory, Directory.GetCurrentDirectory()])
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "Playground.sln")))
                    return folder.FullName;
            }
        }

        throw new LaunchException("Playground.sln was not found above this program: run it from a clone of the repository.");
    }
}
