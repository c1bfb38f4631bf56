package storage

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// remoteMagic are the file systems on other computers, by the number that statfs gives (linux/magic.h, and the kernel's
// sources of each).
var remoteMagic = map[uint32]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "SMB",
	0xfe534d42: "SMB",
	0x01021997: "9p",
	0x5346414f: "AFS",
	0x6b414653: "AFS",
	0x73757245: "Coda",
	0x564c:     "NCP",
	0x00c36400: "Ceph",
	0x0bd00bd0: "Lustre",
	0x19830326: "BeeGFS",
	0x47504653: "GPFS",
	0x786f4256: "a folder of the host of this virtual machine", // vboxsf
	0xbacbacbc: "a folder of the host of this virtual machine", // vmhgfs
}

// fuseMagic is that of all file systems that programs make; mountinfo says which it is.
const fuseMagic = 0x65735546

// remoteFuse are those of them that are on other computers, by the second part of "fuse.sshfs".
var remoteFuse = map[string]string{
	"sshfs":                  "SSH",
	"rclone":                 "rclone",
	"davfs":                  "WebDAV",
	"davfs2":                 "WebDAV",
	"s3fs":                   "S3",
	"goofys":                 "S3",
	"mount-s3":               "S3",
	"gcsfuse":                "Google Cloud Storage",
	"google-drive-ocamlfuse": "Google Drive",
	"onedriver":              "OneDrive",
	"gvfsd-fuse":             "a network folder of the desktop",
	"kio-fuse":               "a network folder of the desktop",
	"curlftpfs":              "FTP",
	"smbnetfs":               "SMB",
	"glusterfs":              "GlusterFS",
	"ceph-fuse":              "Ceph",
	"ceph":                   "Ceph",
	"juicefs":                "JuiceFS",
	"moosefs":                "MooseFS",
	"mfs":                    "MooseFS",
	"afuse":                  "a network folder",
	"vmhgfs-fuse":            "a folder of the host of this virtual machine",
	"grpcfuse":               "a folder of the host of this virtual machine",
}

// remoteKind returns what the file system of dir is called if it is on another computer, else "".
func remoteKind(dir string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", err
	}
	if uint32(s.Type) != fuseMagic {
		return remoteMagic[uint32(s.Type)], nil
	}
	var at unix.Stat_t
	if err := unix.Stat(dir, &at); err != nil {
		return "", err
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer mounts.Close()
	return fuseKind(mounts, fmt.Sprintf("%d:%d", unix.Major(at.Dev), unix.Minor(at.Dev)))
}

// fuseKind looks in mountinfo (man 5 proc_pid_mountinfo) for the file system with a device number ("0:52"), and returns
// what it is called if it is known to be on another computer, else "".
func fuseKind(mountinfo io.Reader, device string) (string, error) {
	for lines := bufio.NewScanner(mountinfo); ; {
		if !lines.Scan() {
			return "", lines.Err()
		}
		mount, system, _ := strings.Cut(lines.Text(), " - ")
		fields, kinds := strings.Fields(mount), strings.Fields(system)
		if len(fields) < 3 || fields[2] != device || len(kinds) == 0 {
			continue
		}
		_, name, _ := strings.Cut(kinds[0], ".")
		return remoteFuse[name], nil
	}
}

// cloudAttribute finds nothing: on Linux no folder says of itself that a program copies it.
func cloudAttribute(string) string { return "" }
