using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace CacheProxy.Management.Authentication;

/// <summary>
/// Checks operators' tokens, for the endpoints of ours alone. ASP.NET's authentication middleware is not used on purpose: its only scheme
/// would become the default, and a client's own token would then cost, or break, requests that are merely proxied.
/// </summary>
internal sealed partial class OperatorAuthenticator : IDisposable
{
    private static readonly TimeSpan s_skew = TimeSpan.FromSeconds(30);
    private static readonly string[] s_symmetric = [SecurityAlgorithms.HmacSha256];
    private static readonly string[] s_asymmetric = [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSsaPssSha256];

    private readonly BearerOptions _options;
    private readonly bool _requireScopes;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = TokenShape.MaxLength };
    private readonly HttpClient? _http;
    private readonly ConfigurationManager<OpenIdConnectConfiguration>? _provider;
    private int _explained;

    public OperatorAuthenticator(BearerOptions options, ManagementOptions management, TimeProvider time, ILogger<OperatorAuthenticator> logger)
    {
        _options = options;
        _requireScopes = management.RequireScopes;
        _time = time;
        _logger = logger;
        if (options.Authority is null) return;
        _http = new() { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 1024 * 1024 };
        _provider = new(
            options.Authority.ToString().TrimEnd('/') + "/.well-known/openid-configuration",
            new OpenIdConnectConfigurationRetriever(),
            new HttpDocumentRetriever(_http) { RequireHttps = options.RequireHttpsMetadata });
    }

    /// <summary>Checks the request's token; never throws on what a client sent.</summary>
    public async ValueTask<AuthenticationOutcome> AuthenticateAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!_options.IsConfigured)
        {
            if (Interlocked.Exchange(ref _explained, 1) == 0) LogNotConfigured(_logger);
            return new(null, TokenGiven: false);
        }

        if (Token(request) is not { } token) return new(null, TokenGiven: request.Headers.Authorization.Count != 0);
        if (TokenShape.Read(token, _provider is null ? s_symmetric : s_asymmetric, out var refusal) is not { } shape) return Refuse(refusal!);

        var parameters = await ParametersAsync(cancellationToken);
        if (parameters is null) return new(null, ProviderDown: true);
        var result = await _handler.ValidateTokenAsync(token, parameters);
        if (result.IsValid) return new(shape.Subject, _requireScopes ? shape.Scopes : null);

        // A provider that has changed its keys: fetch them before the next token, not more often than its own minimum interval.
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException) _provider?.RequestRefresh();
        return Refuse(result.Exception?.GetType().Name ?? "not valid");
    }

    public void Dispose() => _http?.Dispose();

    private static string? Token(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var values = request.Headers.Authorization;
        return values.Count == 1 && values[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim(' ') : null;
    }

    private async Task<TokenValidationParameters?> ParametersAsync(CancellationToken cancellationToken)
    {
        if (_provider is null) return Parameters(_options.ValidIssuer!, _options.SigningKeys, s_symmetric);
        try
        {
            var configuration = await _provider.GetConfigurationAsync(cancellationToken);
            return Parameters(_options.ValidIssuer ?? configuration.Issuer, configuration.SigningKeys, s_asymmetric);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or HttpRequestException)
        {
            LogAuthorityUnreachable(_logger, exception, _options.Authority!);
            return null;
        }
    }

    private TokenValidationParameters Parameters(string issuer, IEnumerable<SecurityKey> keys, string[] algorithms) => new()
    {
        ValidIssuer = issuer,
        ValidAudiences = _options.ValidAudiences,
        IssuerSigningKeys = keys,
        ValidAlgorithms = algorithms,
        RequireExpirationTime = true,
        RequireSignedTokens = true,
        RequireAudience = true,
        ValidateIssuerSigningKey = true,
        LifetimeValidator = (notBefore, expires, _, _) =>
        {
            var now = _time.GetUtcNow().UtcDateTime;
            return expires > now - s_skew && (notBefore is null || notBefore <= now + s_skew);
        },
    };

    private AuthenticationOutcome Refuse(string reason)
    {
        LogRefused(_logger, reason);
        return new(null);
    }

    [LoggerMessage(7001, LogLevel.Debug, "An operator's token was refused: {Reason}.")]
    private static partial void LogRefused(ILogger logger, string reason);

    [LoggerMessage(7002, LogLevel.Warning, "A management endpoint was called, but no operators' tokens are configured, so all are refused with 401. Configure Authentication:Schemes:Bearer: an Authority with ValidAudiences, or ValidIssuer, ValidAudiences and SigningKeys:0:Value (base64 of 32 random bytes).")]
    private static partial void LogNotConfigured(ILogger logger);

    [LoggerMessage(7003, LogLevel.Warning, "The keys of the authority {Authority} could not be had, so operators' tokens cannot be checked: 503 until it answers. Check Authentication:Schemes:Bearer:Authority and the network.")]
    private static partial void LogAuthorityUnreachable(ILogger logger, Exception exception, Uri authority);
}
