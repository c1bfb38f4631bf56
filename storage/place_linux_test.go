package storage_test

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"inkling/storage"
)

// The numbers of the kernel's headers (golang.org/x/sys has them, too) are those of the table; disks of this computer are not in it.
func TestFileSystemsOnOtherComputers(t *testing.T) {
	for magic, want := range map[uint32]string{
		unix.NFS_SUPER_MAGIC: "NFS", unix.SMB_SUPER_MAGIC: "SMB", unix.CIFS_SUPER_MAGIC: "SMB", unix.SMB2_SUPER_MAGIC: "SMB",
		unix.V9FS_MAGIC: "9p", unix.AFS_SUPER_MAGIC: "AFS", unix.AFS_FS_MAGIC: "AFS", unix.CODA_SUPER_MAGIC: "Coda", unix.NCP_SUPER_MAGIC: "NCP",
		unix.CEPH_SUPER_MAGIC: "Ceph",
		unix.EXT4_SUPER_MAGIC: "", unix.BTRFS_SUPER_MAGIC: "", unix.XFS_SUPER_MAGIC: "", unix.TMPFS_MAGIC: "", unix.OVERLAYFS_SUPER_MAGIC: "",
		unix.F2FS_SUPER_MAGIC: "", unix.MSDOS_SUPER_MAGIC: "", unix.EXFAT_SUPER_MAGIC: "", unix.FUSE_SUPER_MAGIC: "",
	} {
		if got := storage.RemoteMagic[magic]; got != want {
			t.Errorf("%#x is %q, want %q", magic, got, want)
		}
	}
}

func TestFileSystemsOfPrograms(t *testing.T) {
	const mountinfo = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
41 22 0:52 / /home/ana/far rw,nosuid shared:5 - fuse.sshfs ana@far: rw,user_id=1000
42 22 0:53 / /home/ana/with\040space rw - fuse.gocryptfs /home/ana/secret rw
43 22 8:17 / /media/stick rw master:1 - fuseblk /dev/sdb1 rw
44 22 0:54 / /odd rw - fuse odd rw
45 22 0:55 / /mnt/drive rw - fuse.rclone drive: rw
46 22 0:56
`
	for device, want := range map[string]string{"0:52": "SSH", "0:53": "", "8:17": "", "0:54": "", "0:55": "rclone", "0:56": "", "9:9": "", "254:0": ""} {
		if got, err := storage.FuseKind(strings.NewReader(mountinfo), device); got != want || err != nil {
			t.Errorf("%s is %q, %v, want %q", device, got, err, want)
		}
	}
}

// FuzzFuseKind: whatever mountinfo says, there is an answer.
func FuzzFuseKind(f *testing.F) {
	f.Add("41 22 0:52 / /far rw - fuse.sshfs ana@far: rw\n", "0:52")
	f.Add("41 22 0:52 - ", "0:52")
	f.Fuzz(func(t *testing.T, mountinfo, device string) {
		storage.FuseKind(strings.NewReader(mountinfo), device)
	})
}
