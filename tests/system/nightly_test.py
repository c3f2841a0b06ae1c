"""From a script to a nightly job, by doing what README.md says under "A nightly job".

In a mount namespace of its own, where /usr/local, /etc and /var/lib are copies or empty. A
systemctl stands in for systemd: it starts the unit's command as the unit's user, with its
environment and its credential. HOKO names the program, in the folder it was built in.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from support import HOKO, IS_SANITIZED, Mock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.dirname(os.path.abspath(HOKO))
CAN_UNSHARE = os.geteuid() == 0 and subprocess.run(
    ["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0

SYSTEMCTL = r'''#!/usr/bin/python3
import os, pwd, re, subprocess, sys
if sys.argv[1] != "enable":
    sys.exit(0)
name = sys.argv[-1].partition("@")[2]
text = open("/usr/local/lib/systemd/system/hoko@.service", encoding="utf-8").read().replace("%i", name)
def settings(key):
    return re.findall(f"(?m)^{key}=(.*)$", text)
user = pwd.getpwnam(settings("User")[0])
environment = dict(setting.split("=", 1) for setting in settings("Environment"))
environment.update(PATH=os.environ["PATH"], HOKO_BASE_URL=os.environ["HOKO_BASE_URL"])
os.makedirs("/run/credentials-of-test", exist_ok=True)
for credential, path in (setting.split(":") for setting in settings("LoadCredential")):
    copy = "/run/credentials-of-test/" + credential
    open(copy, "w").write(open(path).read())
    os.chmod(copy, 0o400)
    os.chown(copy, user.pw_uid, user.pw_gid)
environment["CREDENTIALS_DIRECTORY"] = "/run/credentials-of-test"
for folder in settings("StateDirectory")[0].split():
    os.makedirs("/var/lib/" + folder, exist_ok=True)
subprocess.Popen(settings("ExecStart")[0].split(), env=environment, user=user.pw_uid, group=user.pw_gid,
                 extra_groups=[], stdin=subprocess.DEVNULL, stderr=open("/mnt/nightly.log", "w"))
'''

NAMESPACE = r'''set -e
mount --make-rprivate /
for dir in /var/lib /run /mnt; do mount -t tmpfs tmpfs $dir; done
mkdir /mnt/etc && cp -a /etc/. /mnt/etc/ && mount --bind /mnt/etc /etc
mkdir -p /mnt/local/bin && mount --bind /mnt/local /usr/local
printf '%s' "$SYSTEMCTL" > /usr/local/bin/systemctl && chmod 755 /usr/local/bin/systemctl
export PATH=/usr/local/bin:$PATH
mkdir /mnt/work && cd /mnt/work
'''


def readme_lines(after):
    """The indented lines behind the paragraph that ends with AFTER."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read().partition("## A nightly job")[2].partition("\n## ")[0]
    block = text.partition(after + "\n\n")[2].partition("\n\n")[0]
    return re.sub(r" \\\n\s+", " ", "\n".join(line.removeprefix("    ") for line in block.splitlines()))


def project(folder):
    os.makedirs(os.path.join(folder, "scripts"))
    with open(os.path.join(folder, "scripts/partners.lua"), "w", encoding="utf-8") as file:
        file.write('hoko.partners.upsert({ { code = "1", name = "Ali" } }, { key = "code" })\n')
    with open(os.path.join(folder, "hoko.lua"), "w", encoding="utf-8") as file:
        file.write('return { jobs = { partners = { script = "scripts/partners.lua", schedule = "* * * * * *" } } }\n')


@unittest.skipUnless(CAN_UNSHARE, "only root can give itself other folders")
@unittest.skipIf(IS_SANITIZED, "once is enough")
class Nightly(unittest.TestCase):
    def setUp(self):
        self.mock = Mock()
        self.addCleanup(self.mock.end)
        self.folder = tempfile.mkdtemp(prefix="hoko-nightly-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.folder)

    def run_shell(self, script, **env):
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", script],
                              env={"PATH": os.environ["PATH"], "HOME": "/root", "HOKO_BASE_URL": self.mock.url, **env},
                              capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_under_systemd(self):
        lines = readme_lines("Under systemd, as root:")
        self.assertLessEqual(len(lines.splitlines()), 10)
        lines = lines.replace("cmake --install build/release", f"cmake --install {BUILD} --prefix /usr/local >&2")
        lines = lines.replace("hoko key add default", "echo any | hoko key add default")
        project(os.path.join(self.folder, "partners"))
        shown = self.run_shell(
            NAMESPACE + f"cp -r {self.folder}/partners .\n" + "set -eo pipefail\n" + lines + "\n" +
            "for i in $(seq 200); do hoko runs list -C /var/lib/hoko/partners | grep ' ok ' && exit; sleep 0.1; done\n"
            "cat /mnt/nightly.log >&2; exit 1\n", SYSTEMCTL=SYSTEMCTL)
        self.assertIn("partners", shown)
        self.assertEqual([p["name"] for p in self.mock.partners()], ["Ali"])

    def test_in_a_container_of_the_program_and_two_folders(self):
        words = readme_lines("two folders, the project and the keys:").split()
        mounts = dict(words[i + 1].replace("$PWD", self.folder).split(":") for i, word in enumerate(words) if word == "-v")
        env = dict(words[i + 1].split("=", 1) for i, word in enumerate(words) if word == "-e")
        command = words[words.index("IMAGE") + 1:]
        self.assertEqual(sorted(mounts.values()), ["/keys", "/project"])
        project(os.path.join(self.folder, "partners"))
        os.mkdir(os.path.join(self.folder, "keys"), 0o700)
        with open(os.path.join(self.folder, "keys/passphrase"), "w", encoding="ascii") as file:
            os.chmod(file.name, 0o600)
            file.write("correct horse battery staple\n")
        host = {"PATH": os.environ["PATH"], "HOKO_BASE_URL": self.mock.url,
                **{name: value.replace("/keys/", f"{self.folder}/keys/", 1) for name, value in env.items()}}
        subprocess.run([HOKO, "key", "add", "default"], input="any\n", text=True, env=host, check=True,
                       capture_output=True, timeout=60)
        libraries = re.findall(r"(/\S+\.so\S*)", subprocess.run(["ldd", HOKO], capture_output=True, text=True, check=True).stdout)
        copies = "".join(f"mkdir -p root{os.path.dirname(name)} && cp -L {name} root{name}\n" for name in libraries)
        binds = "".join(f"mkdir -p root{to} && mount --bind {source} root{to}\n" for source, to in mounts.items())
        self.run_shell(
            f"set -e\nmount --make-rprivate /\nmount -t tmpfs tmpfs /mnt\ncd /mnt\nmkdir -p root/bin root/proc root/dev\n"
            f"cp {HOKO} root/bin/hoko\n{copies}{binds}mount -t proc proc root/proc\ntouch root/dev/null\n"
            "mount --bind /dev/null root/dev/null\n"
            f"chroot root /bin/{' '.join(command)} 2> /mnt/log &\n"
            "for i in $(seq 200); do chroot root /bin/hoko runs list -C /project | grep ' ok ' && exit; sleep 0.1; done\n"
            "cat /mnt/log >&2; exit 1\n", **env)
        self.assertEqual([p["name"] for p in self.mock.partners()], ["Ali"])


if __name__ == "__main__":
    unittest.main()
