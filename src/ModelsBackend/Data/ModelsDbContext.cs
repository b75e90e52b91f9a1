using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ModelsBackend.Data;

/// <summary>Runs, their outbox and the calibration, in one SQLite file.</summary>
public sealed class ModelsDbContext(DbContextOptions<ModelsDbContext> options) : DbContext(options)
{
    public DbSet<ModelRun> Runs => Set<ModelRun>();

    public DbSet<OutboxRow> Outbox => Set<OutboxRow>();

    public DbSet<DeliveryRow> Deliveries => Set<DeliveryRow>();

    public DbSet<CalibrationRow> Calibration => Set<CalibrationRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<ModelRun>().HasIndex(r => r.Status);
        modelBuilder.Entity<OutboxRow>(row =>
        {
            row.HasKey(r => r.Sequence);
            row.HasIndex(r => r.Partition);
            row.HasMany(r => r.Deliveries).WithOne().HasForeignKey(d => d.Sequence).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<DeliveryRow>().HasKey(d => new { d.Sequence, d.Target });
        modelBuilder.Entity<CalibrationRow>().Property(c => c.Id).ValueGeneratedNever();
    }

    /// <summary>SQLite cannot compare a DateTimeOffset; a number it can.</summary>
    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
        time => time.ToUnixTimeMilliseconds(), number => DateTimeOffset.FromUnixTimeMilliseconds(number));
}
