using Ebee.Host;

namespace Ebee.Tests.Unit;

public sealed class CgroupNameTests
{
    private const string A = "3f4a5b6c7d8e9f00112233445566778899aabbccddeeff001122334455667788";
    private const string B = "00000000000000000000000000000000000000000000000000000000000000ff";
    private const string Pod = "pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0";

    [Theory]
    [InlineData("/docker/" + A, A)]                                     // Docker, cgroupfs
    [InlineData("/system.slice/docker-" + A + ".scope", A)]             // Docker, systemd
    [InlineData("/system.slice/docker-" + A + ".scope/init.scope", A)]  // systemd inside of it
    [InlineData("/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + A + ".scope", A)] // rootless
    [InlineData("/default/" + A, A)]                                    // containerd, ctr
    [InlineData("/system.slice/nerdctl-" + A + ".scope", A)]
    [InlineData("/kubepods/besteffort/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/" + A, A)]
    [InlineData("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" + Pod + ".slice/cri-containerd-" + A + ".scope", A)]
    [InlineData("/kubepods.slice/kubepods-" + Pod + ".slice/crio-" + A + ".scope", A)]
    [InlineData("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-" + Pod + ".slice:cri-containerd:" + A, A)]
    [InlineData("/machine.slice/libpod-" + A + ".scope", A)]            // Podman
    [InlineData("/machine.slice/libpod-" + A + ".scope/container", A)]
    [InlineData("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + A + ".scope/container", A)]
    [InlineData("/libpod_parent/libpod-" + A, A)]                       // Podman, cgroupfs
    [InlineData("/docker/" + A + "/docker/" + B, B)]                    // Docker in Docker: the innermost
    [InlineData("/docker/" + A + "/system.slice/ssh.service", A)]
    [InlineData("/../../" + B, B)]
    [InlineData("/", null)]
    [InlineData("", null)]
    [InlineData("/system.slice/ssh.service", null)]
    [InlineData("/user.slice/user-1000.slice/session-3.scope", null)]
    [InlineData("/docker", null)]
    [InlineData("/docker/buildx", null)]
    [InlineData("/lxc/web", null)]
    [InlineData("/process_api/ad56159fd78f90da58db040667aa8076", null)] // 32 digits are no container's
    [InlineData("/docker/" + A + "0", null)]                            // 65 digits
    [InlineData("/docker/3F4A5B6C7D8E9F00112233445566778899AABBCCDDEEFF001122334455667788", null)]
    [InlineData("/docker/zz4a5b6c7d8e9f00112233445566778899aabbccddeeff001122334455667788", null)]
    public void The_container_in_a_path(string path, string? id) => Assert.Equal(id, CgroupName.ContainerId(path));

    [Theory]
    [InlineData("/machine.slice/libpod-conmon-" + A + ".scope")]
    [InlineData("/kubepods.slice/kubepods-" + Pod + ".slice/crio-conmon-" + A + ".scope")]
    public void A_containers_monitor_is_outside_of_it(string path) => Assert.Null(CgroupName.ContainerId(path));

    [Theory]
    [InlineData("/system.slice/ssh.service", "ssh.service")]
    [InlineData("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service")]
    [InlineData("/system.slice/docker-" + A + ".scope", "docker-" + A + ".scope")]
    [InlineData("/system.slice/dbus.socket", "dbus.socket")]
    [InlineData("/system.slice/nginx.service/worker", "nginx.service")]
    [InlineData("/user.slice/user-1000.slice/session-3.scope", "session-3.scope")]
    [InlineData("/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox.scope", "user@1000.service")]
    [InlineData("/init.scope", "init.scope")]
    [InlineData("/", null)]
    [InlineData("", null)]
    [InlineData("/system.slice", null)]
    [InlineData("/docker/" + A, null)]
    [InlineData("/kubepods/besteffort/pod1/" + A, null)]
    [InlineData("/docker/" + A + "/system.slice/ssh.service", null)] // a unit of the container's systemd, not of this one's
    public void The_unit_in_a_path(string path, string? unit) => Assert.Equal(unit, CgroupName.SystemdUnit(path));
}
