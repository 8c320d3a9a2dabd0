using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Ebee.Host;

namespace Ebee.Programs;

/// <summary>The machine's clang.</summary>
internal sealed partial class Clang
{
    private const int Oldest = 14; // of those that are tried
    private const int FirstWithConfigFiles = 16;
    private const int LongestOutput = 1 << 26;
    private const string Packages = "/usr/lib"; // llvm-NN/bin
    private const string Install = "Install clang: apt-get install clang, or dnf install clang.";
    private static readonly Dictionary<(string Path, DateTime Written), int> Versions = [];

    private readonly string _path;

    private Clang(string path, int version)
    {
        _path = path;
        Version = version;
    }

    /// <summary>Its major version.</summary>
    public int Version { get; }

    /// <summary>
    /// Finds the newest on the machine: clang and clang-NN along PATH, and where Debian's packages put it. One that others could
    /// have changed is not run.
    /// </summary>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="EbpfException">There is none.</exception>
    public static Clang Find(CancellationToken cancellation = default) =>
        Find(string.Join(':', [Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin",
            .. Directory.Exists(Packages) ? Directory.GetDirectories(Packages, "llvm-*").Select(folder => $"{folder}/bin") : []]), cancellation);

    /// <summary>As above, along a given path.</summary>
    internal static Clang Find(string searchPath, CancellationToken cancellation = default)
    {
        FileTrust.Reason? refused = null;
        List<(string Path, int Version)> found = [];
        foreach (string folder in searchPath.Split(':').Where(folder => Path.IsPathRooted(folder) && Directory.Exists(folder)).Distinct())
        {
            foreach (string file in Candidates(folder))
            {
                if (FileTrust.Find(file) is { } doubt)
                {
                    refused ??= doubt;
                    continue;
                }
                int version = VersionOf(file, cancellation);
                if (version >= Oldest)
                {
                    found.Add((file, version));
                }
            }
        }
        if (found.Count > 0)
        {
            (string path, int version) = found.MaxBy(clang => clang.Version); // of two the first on the path
            return new Clang(path, version);
        }
        throw refused is null
            ? new EbpfException(EbpfError.ClangNotFound, $"clang {Oldest} or newer is not on the path.", Install)
            : new EbpfException(EbpfError.FileUntrusted, $"The clang on the path is not run: {refused.Text}.", $"As root: {refused.Remedy}. Or {char.ToLowerInvariant(Install[0])}{Install[1..]}");
    }

    /// <summary>Arguments that keep it from reading more than it is given: newer ones read clang.cfg beside the program.</summary>
    private IEnumerable<string> Isolation => Version >= FirstWithConfigFiles ? ["--no-default-config"] : [];

    /// <summary>The one at a path; its version is asked for.</summary>
    internal static Clang At(string path) => new(path, VersionOf(path, default));

    /// <summary>Runs it to its end, or until it has run too long.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">The folder to run it in.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="limit">How long it may run.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Its exit code, what it wrote, and its messages.</returns>
    /// <exception cref="TimeoutException">It ran too long, or wrote without an end.</exception>
    public (int ExitCode, byte[] Output, string Messages) Run(IEnumerable<string> arguments, string folder, ReadOnlyMemory<byte> input,
        TimeSpan limit, CancellationToken cancellation)
    {
        ProcessStartInfo start = new(_path, Isolation.Concat(arguments))
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Nothing of CPATH, C_INCLUDE_PATH, CCC_OVERRIDE_OPTIONS and the like, and messages in English.
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment["LC_ALL"] = "C";
        start.Environment["TMPDIR"] = folder;
        using Process process = Process.Start(start)!;
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(limit);
        try
        {
            Task<byte[]> output = ReadAll(process, process.StandardOutput.BaseStream, end.Token);
            Task<byte[]> messages = ReadAll(process, process.StandardError.BaseStream, end.Token);
            Task written = Write(process, input, end.Token);
            Task.WhenAll(output, messages, written, process.WaitForExitAsync(end.Token)).GetAwaiter().GetResult();
            return (process.ExitCode, output.Result, System.Text.Encoding.UTF8.GetString(messages.Result));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"clang did not end within {limit.TotalSeconds:0.#} s.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }
        }
    }

    private static IEnumerable<string> Candidates(string folder)
    {
        string plain = Path.Combine(folder, "clang");
        if (File.Exists(plain))
        {
            yield return plain;
        }
        foreach (string file in Directory.GetFiles(folder, "clang-*"))
        {
            if (int.TryParse(Path.GetFileName(file).AsSpan(6), NumberStyles.None, null, out _))
            {
                yield return file;
            }
        }
    }

    private static int VersionOf(string file, CancellationToken cancellation)
    {
        string name = Path.GetFileName(file);
        if (name != "clang")
        {
            return int.Parse(name.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture);
        }
        FileSystemInfo target = new FileInfo(file);
        target = target.ResolveLinkTarget(returnFinalTarget: true) ?? target;
        if (PackageFolder().Match(target.FullName) is { Success: true } package)
        {
            return int.Parse(package.Groups["version"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        }
        (string, DateTime) key = (file, target.LastWriteTimeUtc);
        lock (Versions)
        {
            if (!Versions.TryGetValue(key, out int version))
            {
                Versions[key] = version = Ask(file, cancellation);
            }
            return version;
        }
    }

    [GeneratedRegex("^/usr/lib/llvm-(?<version>[0-9]{1,4})/bin/clang$")]
    private static partial Regex PackageFolder();

    // "14.0.6"; 0 where it does not say.
    private static int Ask(string file, CancellationToken cancellation)
    {
        try
        {
            (_, byte[] output, _) = new Clang(file, 0).Run(["-dumpversion"], "/", default, TimeSpan.FromSeconds(10), cancellation);
            return int.TryParse(System.Text.Encoding.ASCII.GetString(output).Split('.')[0], NumberStyles.None, null, out int version) ? version : 0;
        }
        catch (Exception e) when (e is TimeoutException or System.ComponentModel.Win32Exception)
        {
            return 0; // no program, or none that answers
        }
    }

    private static async Task Write(Process process, ReadOnlyMemory<byte> input, CancellationToken cancellation)
    {
        try
        {
            await using Stream stream = process.StandardInput.BaseStream;
            await stream.WriteAsync(input, cancellation);
        }
        catch (IOException)
        {
            // it ended without reading all; its messages say why
        }
    }

    private static async Task<byte[]> ReadAll(Process process, Stream stream, CancellationToken cancellation)
    {
        await using Stream closed = stream; // what has been read is the reader's to close, not Process's
        using MemoryStream all = new();
        byte[] buffer = new byte[1 << 16];
        for (int n; (n = await stream.ReadAsync(buffer, cancellation)) > 0;)
        {
            all.Write(buffer, 0, n);
            if (all.Length > LongestOutput)
            {
                process.Kill(entireProcessTree: true);
                throw new TimeoutException($"clang wrote more than {LongestOutput >> 20} MB.");
            }
        }
        return all.ToArray();
    }
}
