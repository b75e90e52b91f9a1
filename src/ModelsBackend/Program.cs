using ModelsBackend.Data;
using ModelsBackend.Hosting;

var app = ModelsApplication.Build(args);
await app.Services.GetRequiredService<ModelsDatabase>().CreateAsync(CancellationToken.None);
await app.RunAsync();
return Environment.ExitCode;
