namespace Launcher;

/// <summary>The signals that tests and the launcher send. Numbers of Linux; macOS differs for stop and continue.</summary>
internal enum PosixSignalNumber
{
    None = 0,
    Hangup = 1,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
