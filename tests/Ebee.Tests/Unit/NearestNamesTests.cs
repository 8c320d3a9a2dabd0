using System.Diagnostics;
using Ebee.Host;

namespace Ebee.Tests.Unit;

public sealed class NearestNamesTests
{
    private static readonly string[] Names = ["do_sys_open", "do_sys_openat2", "vfs_open", "vfs_unlink", "__x64_sys_execve", "exec_mmap", "x"];

    [Theory]
    [InlineData("do_sys_openat", "do_sys_openat2,do_sys_open")]
    [InlineData("vfs_unlnik", "vfs_unlink,vfs_open")]
    [InlineData("VFS_OPEN", "vfs_open")]
    [InlineData("execve", "__x64_sys_execve")]
    [InlineData("sys_execve", "__x64_sys_execve")]
    [InlineData("nothing_of_the_kind", "")]
    public void The_nearest_come_first_and_the_others_not_at_all(string wanted, string nearest) =>
        Assert.Equal(nearest, string.Join(',', NearestNames.Of(wanted, Names)));

    [Fact]
    public void A_name_that_is_there_twice_is_said_once() => Assert.Equal(["xdp", "ext"], NearestNames.Of("xd", ["ext", "xdp", "ext", "xdp"]));

    [Fact]
    public void What_is_too_long_for_a_name_is_near_none() => Assert.Empty(NearestNames.Of(new string('x', 100_000), [new string('x', 100_000)]));

    [Fact]
    public void The_best_three_of_many_are_those_of_the_whole_table()
    {
        Random random = new(11);
        string Word() => new([.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => "abc"[random.Next(3)])]);
        for (int i = 0; i < 2000; i++)
        {
            string wanted = Word();
            string[] names = [.. Enumerable.Range(0, 20).Select(_ => Word()).Distinct()];
            Assert.Equal(
                names.Select(name => (Name: name, Distance: Whole(wanted, name))).Where(n => n.Distance <= Math.Max(2, wanted.Length / 2))
                    .OrderBy(n => n.Distance).ThenBy(n => n.Name.Length).ThenBy(n => n.Name, StringComparer.Ordinal).Take(3).Select(n => n.Name),
                NearestNames.Of(wanted, names));
        }

        // Over the whole table, as Levenshtein's distance is defined.
        static int Whole(string left, string right)
        {
            int[,] table = new int[left.Length + 1, right.Length + 1];
            for (int i = 0; i <= left.Length; i++)
            {
                for (int j = 0; j <= right.Length; j++)
                {
                    table[i, j] = i == 0 || j == 0 ? i + j : Math.Min(table[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1),
                        1 + Math.Min(table[i - 1, j], table[i, j - 1]));
                }
            }
            bool isContained = Math.Min(left.Length, right.Length) >= 4 && (left.Contains(right, StringComparison.Ordinal) || right.Contains(left, StringComparison.Ordinal));
            return isContained ? Math.Min(2, table[left.Length, right.Length]) : table[left.Length, right.Length];
        }
    }

    [Fact]
    public void At_most_three_are_given() => Assert.Equal(3, NearestNames.Of("name0", Enumerable.Range(1, 9).Select(i => $"name{i}")).Length);

    [Fact]
    public void A_part_can_be_compared() =>
        Assert.Equal(["sched:sched_switch"], NearestNames.Of("sched_swich", ["sched:sched_switch", "sched_swich:other_thing"], name => name.Split(':')[1]));

    [Fact]
    public void A_hundred_thousand_names_take_less_than_a_second()
    {
        string[] many = [.. Enumerable.Range(0, 100_000).Select(i => $"some_function_of_the_kernel_{i:x}")];
        double best = double.MaxValue; // of three: others are at work on the machine, too
        for (int i = 0; i < 3 && best > 1000; i++)
        {
            Stopwatch watch = Stopwatch.StartNew();
            Assert.Equal("some_function_of_the_kernel_1869f", NearestNames.Of("some_function_of_the_kernl_1869f", many)[0]);
            best = Math.Min(best, watch.Elapsed.TotalMilliseconds);
        }
        Assert.InRange(best, 0, 1000);
    }
}
