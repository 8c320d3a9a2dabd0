using System.Text;
using Ebee.Bindings;
using Ebee.Events;
using Ebee.Tracers;

namespace Ebee.Tests.Unit;

public sealed class EventRecordTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("\0", "/")]
    [InlineData("b\0a\0\0", "/a/b")]
    [InlineData("a\0\0", "/a")]
    [InlineData("b\0a\0", "a/b")]          // not below the root
    [InlineData("memfd:x\0", "memfd:x")]
    [InlineData("b\0a", "a/b")]            // cut before the last NUL
    [InlineData("c d\0b\nc\0é\0\0", "/é/b\nc/c d")]
    public void Components_from_the_leaf_upwards_become_a_path(string components, string path) =>
        Assert.Equal(path, EventRecord<TaskInfo>.JoinPath(Encoding.UTF8.GetBytes(components)));

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(2000)] // longer than what is kept on the stack
    public void Paths_of_any_depth(int depth)
    {
        string[] names = [.. Enumerable.Range(0, depth).Select(i => $"d{i}")];
        string components = string.Concat(names.Reverse().Select(n => n + "\0")) + "\0";
        Assert.Equal("/" + string.Join('/', names), EventRecord<TaskInfo>.JoinPath(Encoding.UTF8.GetBytes(components)));
    }

    [Fact]
    public void What_is_not_UTF8_in_a_path_is_replaced() =>
        Assert.Equal("/a\ufffd/b\ufffdc", EventRecord<TaskInfo>.JoinPath([(byte)'b', 0xff, (byte)'c', 0, (byte)'a', 0xc3, 0, 0]));

    [Theory]
    [InlineData("")]
    [InlineData("\0", "")]
    [InlineData("a\0", "a")]
    [InlineData("a\0b\0", "a", "b")]
    [InlineData("a\0\0b\0", "a", "", "b")]
    [InlineData("a\0\0", "a", "")]
    [InlineData("\0\0", "", "")]
    [InlineData("a\0b", "a", "b")] // cut in the middle
    public void Arguments_are_split_at_each_NUL(string bytes, params string[] arguments) =>
        Assert.Equal(arguments, ExecEvent.SplitArguments(Encoding.UTF8.GetBytes(bytes)));

    [Fact]
    public void What_is_not_UTF8_in_arguments_is_replaced() =>
        Assert.Equal(["\ufffd\ufffd", "ok"], ExecEvent.SplitArguments([0xff, 0xfe, 0, (byte)'o', (byte)'k', 0]));

    [Fact]
    public void A_whole_record_is_what_it_says()
    {
        ExecEvent e = new(Records.Exec(), Records.BootUtcTicks);
        Assert.Equal(new DateTimeOffset(Records.BootUtcTicks + 15, TimeSpan.Zero), e.Time);
        Assert.Equal((101, 102, 103, 104), (e.ProcessId, e.ThreadId, e.ParentProcessId, e.HostProcessId));
        Assert.Equal("a name", e.Name);
        Assert.Equal("its parent", e.ParentName);
        Assert.Equal((0u, 1001u, 1002u), (e.UserId, e.RealUserId, e.GroupId));
        Assert.Equal("root", e.UserName);
        Assert.Equal(1000u, e.LoginUserId);
        Assert.Equal(7u, e.SessionId);
        Assert.Equal("./file", e.FileName);
        Assert.Equal("/usr/bin/file", e.Executable);
        Assert.Equal(["./file", "one two", "", "three"], e.Argument);
        Assert.Equal("./file 'one two' '' three", e.CommandLine);
        Assert.Equal("/home/me", e.WorkingDirectory);
        Assert.Equal("pts/3", e.Terminal);
        Assert.Equal("/system.slice/my.service", e.CgroupPath);
        Assert.Equal("my.service", e.SystemdUnit);
        Assert.Null(e.ContainerId);
        Assert.Equal((77ul, 4026531841u, 4026531836u), (e.CgroupId, e.MountNamespace, e.PidNamespace));
        Assert.Equal((-2, "ENOENT", false), (e.ReturnCode, e.Error, e.Truncated));
    }

    [Fact]
    public void What_is_unset_is_null()
    {
        ExecEvent e = new(Records.Exec((ref r) =>
        {
            r.LoginUserId = uint.MaxValue;
            r.SessionId = uint.MaxValue;
            r.ReturnCode = 0;
            r.Task.UserId = 4000000000;
        }), Records.BootUtcTicks);
        Assert.Null(e.LoginUserId);
        Assert.Null(e.SessionId);
        Assert.Null(e.Error);
        Assert.Null(e.UserName);
    }

    [Fact]
    public void A_memory_file_is_named_as_such()
    {
        ExecEvent e = new(Records.Exec(executable: "memfd:secret\0"), Records.BootUtcTicks);
        Assert.Equal("memfd:secret", e.FileName);
        Assert.Equal("memfd:secret", e.Executable);
    }

    [Theory]
    [InlineData("tty1", "tty1")]
    [InlineData("pts12", "pts/12")]
    [InlineData("console", "console")]
    [InlineData("", null)]
    public void The_terminal_as_ps_shows_it(string raw, string? shown) =>
        Assert.Equal(shown, new ExecEvent(Records.Exec(terminal: raw.Length > 0 ? raw + "\0" : ""), Records.BootUtcTicks).Terminal);

    [Fact]
    public void A_cut_exec_record_is_decoded_or_refused()
    {
        byte[] record = Records.Exec();
        for (int length = 0; length <= record.Length; length++)
        {
            DecodeOrRefuse(record[..length]);
        }
        Assert.Throws<InvalidDataException>(() => new ExecEvent(record.AsSpan(0, 40), 0));
    }

    [Fact]
    public void A_cut_record_keeps_what_is_left()
    {
        byte[] record = Records.Exec();
        ExecEvent e = new(record.AsSpan(0, record.Length - 3), Records.BootUtcTicks);
        Assert.Equal(["./file", "one two", "", "thr"], e.Argument);
        Assert.Equal("/home/me", e.WorkingDirectory);
    }

    [Fact]
    public void A_changed_exec_record_is_decoded_or_refused()
    {
        Random random = new(20260728);
        for (int round = 0; round < 20000; round++)
        {
            byte[] record = Records.Exec();
            for (int changes = random.Next(1, 9); changes > 0; changes--)
            {
                record[random.Next(record.Length)] = (byte)random.Next(256);
            }
            DecodeOrRefuse(record);
        }
    }

    [Fact]
    public unsafe void A_changed_deletion_record_is_decoded_or_refused()
    {
        Random random = new(20260728);
        byte[] record = new byte[sizeof(FileDeleteRecord) + 100];
        for (int round = 0; round < 20000; round++)
        {
            random.NextBytes(record);
            if (random.Next(2) == 0)
            {
                // Lengths that mostly fit.
                fixed (byte* data = record)
                {
                    ((FileDeleteRecord*)data)->Task.CgroupPathLength = (ushort)random.Next(40);
                    ((FileDeleteRecord*)data)->DirectoryLength = (ushort)random.Next(70);
                    ((FileDeleteRecord*)data)->NameLength = (ushort)random.Next(70);
                }
            }
            ReadAll<FileDeleteEvent>(() => new FileDeleteEvent(record, Records.BootUtcTicks));
        }
    }

    [Theory]
    [InlineData("/dir", "name", true, "/dir/name")]
    [InlineData("/", "name", true, "/name")]
    [InlineData("/dir", "some/where/name", true, "/dir/name")]
    [InlineData("/dir", "name/", true, "/dir/name")]
    [InlineData("/dir", "../name", false, "/dir/../name")]
    [InlineData("/dir", null, true, "/dir")]
    [InlineData("", "name", false, "name")]
    public void A_deleted_path(string directory, string? name, bool resolved, string path) =>
        Assert.Equal(path, FileDeleteEvent.Join(directory, name, resolved));

    private static void DecodeOrRefuse(byte[] record) => ReadAll(() => new ExecEvent(record, Records.BootUtcTicks));

    private static void ReadAll<T>(Func<T> decode) where T : class
    {
        try
        {
            T e = decode();
            foreach (System.Reflection.PropertyInfo property in typeof(T).GetProperties())
            {
                _ = property.GetValue(e);
            }
        }
        catch (InvalidDataException)
        {
            // refused
        }
    }
}
