using Microsoft.Net.Http.Headers;

namespace ModelsBackend.Runs;

/// <summary>Errors as problem+json.</summary>
internal static class Problems
{
    public static IResult NotFound(string id) => Problem(404, "no-such-run", $"There is no run '{id}'. GET /api/v1/models/runs lists those that you may see.");

    public static IResult Unauthorized(string id) => new Challenge(Problem(401, "token-required", $"The run '{id}' needs a token: send 'Authorization: Bearer …'."));

    public static IResult TokenRequired() => new Challenge(Problem(401, "token-required", "This needs a token: send 'Authorization: Bearer …'."));

    public static IResult Forbidden(string why) => Problem(403, "not-yours", why);

    public static IResult Conflict(string why) => Problem(409, "not-now", why);

    public static IResult Invalid(string why) => Problem(422, "invalid", why);

    private static IResult Problem(int status, string type, string detail) =>
        Results.Problem(detail, statusCode: status, type: "urn:models:" + type);

    /// <summary>RFC 9110 §11.6.1: a 401 names the scheme.</summary>
    private sealed class Challenge(IResult inner) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
            return inner.ExecuteAsync(httpContext);
        }
    }
}
