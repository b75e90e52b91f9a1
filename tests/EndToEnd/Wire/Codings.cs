using System.IO.Compression;
using System.Text;

namespace EndToEnd.Wire;

/// <summary>What a client does with a coded body.</summary>
internal static class Codings
{
    /// <summary>The body as the origin sent it, whatever coding it came in.</summary>
    public static string Decode(WireReply reply)
    {
        using var body = new MemoryStream(reply.Body);
        using Stream decoded = reply["Content-Encoding"] switch
        {
            null or "identity" => body,
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            var other => throw new InvalidDataException($"Nobody asked for {other}"),
        };
        using var reader = new StreamReader(decoded, Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
