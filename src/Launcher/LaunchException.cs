namespace Launcher;

/// <summary>Something that the person at the terminal can mend; the message says what and how.</summary>
internal sealed class LaunchException(string message, Exception? inner = null) : Exception(message, inner);
