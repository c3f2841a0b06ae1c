"""From a script to a nightly job, by doing what README.md says under "A nightly job".

In a mount namespace of its own, where /usr/local, /etc and /var/lib are copies or empty. A
systemctl stands in for systemd: it starts the unit's command as the unit's user, with its
environment and its credential. A docker stands in for Docker: it starts the image's command, as the
first process of a namespace, in a root with the program, its libraries and the two folders.
HOKO names the program, in the folder it was built in.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from support import HOKO, IS_SANITIZED, Mock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONTAINERFILE = os.path.join(ROOT, "scripts/Containerfile")
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

# Of an image it knows what the last stage of the Containerfile says; its files are in /mnt/root.
DOCKER = r'''#!/usr/bin/python3
import json, os, re, subprocess, sys
words = sys.argv[1:]
if words[0] == "build":
    text = open(words[words.index("-f") + 1], encoding="utf-8").read().replace("\\\n", " ").rpartition("\nFROM ")[2]
    image = dict(re.findall(r"(?m)^(ENTRYPOINT|CMD|WORKDIR|ENV) +(.*)$", text))
    json.dump(image, open("/mnt/image.json", "w"))
    sys.exit(0)
image = json.load(open("/mnt/image.json"))
mounts = [words[i + 1].split(":") for i, word in enumerate(words) if word == "-v"]
given = words[words.index("hoko") + 1:]
command = json.loads(image["ENTRYPOINT"]) + (given or json.loads(image["CMD"]))
env = dict(setting.split("=", 1) for setting in image["ENV"].split())
env.update(PATH="/bin", HOKO_BASE_URL=os.environ["HOKO_BASE_URL"])
steps = "".join(f"mkdir -p /mnt/root{to} && mount --bind {source} /mnt/root{to}\n" for source, to in mounts)
steps += "mkdir -p /mnt/root/proc /mnt/root/dev && mount -t proc proc /mnt/root/proc && touch /mnt/root/dev/null\n"
steps += "mount --bind /dev/null /mnt/root/dev/null\n"
enter = f"import os; os.chroot('/mnt/root'); os.chdir({image['WORKDIR']!r}); os.execvpe({command[0]!r}, {command}, {env})"
unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", "set -e\n" + steps + 'exec python3 -c "$0"', enter]
if "-d" in words:
    subprocess.Popen(unshare, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open("/mnt/container.log", "w"))
else:
    sys.exit(subprocess.run(unshare).returncode)
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


def libraries():
    """Files of the libraries that the program is linked with, and of theirs."""
    shown = subprocess.run(["ldd", HOKO], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+\.so\S*)", shown)


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
        lines = readme_lines("In a container:")
        self.assertLessEqual(len(lines.splitlines()), 10)
        lines = lines.replace("docker run -it", "echo any | docker run -it")
        project(os.path.join(self.folder, "partners"))
        self.run_shell(
            NAMESPACE + f"cp -r {self.folder}/partners . && ln -s {ROOT}/scripts scripts\n"
            'printf "%s" "$DOCKER" > /usr/local/bin/docker && chmod 755 /usr/local/bin/docker\n'
            f"mkdir -p /mnt/root/bin && cp {HOKO} /mnt/root/bin/hoko\n" + "".join(
                f"mkdir -p /mnt/root{os.path.dirname(name)} && cp -L {name} /mnt/root{name}\n" for name in libraries()) +
            "set -eo pipefail\n" + lines + "\n" +
            f"for i in $(seq 200); do {HOKO} runs list -C partners | grep ' ok ' && exit; sleep 0.1; done\n"
            "cat /mnt/container.log >&2; exit 1\n", DOCKER=DOCKER)
        self.assertEqual([p["name"] for p in self.mock.partners()], ["Ali"])


@unittest.skipUnless(shutil.which("dpkg-query") and shutil.which("readelf"), "not a Debian that builds")
@unittest.skipIf(IS_SANITIZED, "a sanitizer has libraries of its own")
class Image(unittest.TestCase):
    def test_each_library_of_the_program_is_installed_in_it(self):
        with open(CONTAINERFILE, encoding="utf-8") as file:
            last = file.read().replace("\\\n", " ").rpartition("\nFROM ")[2]
        installed = re.search(r"apt-get install (.*?) &&", last)[1].split()
        shown = subprocess.run(["readelf", "-d", HOKO], capture_output=True, text=True, check=True).stdout
        for name in re.findall(r"\(NEEDED\).*\[(.*)\]", shown):
            path = next((path for path in libraries() if os.path.basename(path) == name), name)
            owner = subprocess.run(["dpkg-query", "-S", os.path.realpath(path), os.path.realpath(path).removeprefix("/usr")],
                                   capture_output=True, text=True, check=False).stdout.partition(":")[0]
            self.assertIn(owner, [*installed, "libc6"], name)


if __name__ == "__main__":
    unittest.main()
