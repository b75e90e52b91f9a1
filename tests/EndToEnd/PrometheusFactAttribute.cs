using Processes;

namespace EndToEnd;

/// <summary>A test that needs <c>prometheus</c>; skipped, and counted as such, where there is none.</summary>
public sealed class PrometheusFactAttribute : FactAttribute
{
    public PrometheusFactAttribute()
    {
        // A real Prometheus scrapes here. test.sh installs it where there is apt-get; elsewhere a skip is counted and says what to install.
        if (!PrometheusServer.IsInstalled)
            Skip = "prometheus is not on PATH: install Debian's prometheus";
    }
}
