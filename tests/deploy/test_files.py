"""The files that machines of an office are set up with: they parse, and name what there is."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

import extractor.cli  # noqa: F401 - registers the commands
from extractor.cli.root import app
from extractor.settings import Settings, get_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text("utf-8"))
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text("utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def check_command(words):
    """Every word that begins with two dashes is an option of the command, as the command line itself sees it."""
    command = get_command(app)
    while hasattr(command, "commands") and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    asked = {word for word in words if word.startswith("--")}
    assert asked - known == set(), command.name
    return command.name


def test_the_services_run_commands_that_there_are():
    commands = {name: service["command"] for name, service in COMPOSE["services"].items() if "command" in service}
    assert {name: check_command(list(map(str, words))) for name, words in commands.items()} == {
        "room": "serve", "interface": "serve",
    }  # fmt: skip
    default = re.search(r"^CMD (\[.*\])$", CONTAINERFILE, re.MULTILINE)[1]
    check_command(yaml.safe_load(default))


def test_no_service_has_a_password_in_the_file_or_more_rights_than_it_needs():
    for name, service in COMPOSE["services"].items():
        written = {key: value for key, value in service["environment"].items() if re.search("PASS|TOKEN|SECRET", key)}
        assert all(value.startswith("/run/secrets") for value in written.values()), name
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
        assert service["restart"] == "unless-stopped"
        assert "privileged" not in service
    for name in ("room", "interface"):
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("${EXTRACTOR_ADDRESS:-127.0.0.1}:") for port in service["ports"])
    assert "ports" not in COMPOSE["services"]["database"]
    assert set(COMPOSE["secrets"]) == {secret for each in COMPOSE["services"].values() for secret in each["secrets"]}


def test_settings_in_files_are_settings_that_there_are(tmp_path, monkeypatch):
    names = {f"extractor_{name}" for name in Settings.model_fields}
    assert {name for name in COMPOSE["secrets"] if name.startswith("extractor_")} <= names
    assert "EXTRACTOR_SECRETS_DIR" in COMPOSE["services"]["room"]["environment"]
    (tmp_path / "extractor_database").write_text("postgresql://extractor:geheim@database/extractor\n", "utf-8")
    (tmp_path / "tls_key").write_text("not a setting", "utf-8")
    monkeypatch.setenv("EXTRACTOR_SECRETS_DIR", str(tmp_path))
    get_settings.cache_clear()
    try:
        settings = get_settings()
        assert settings.database.get_secret_value() == "postgresql://extractor:geheim@database/extractor"
        assert "geheim" not in repr(settings)
        assert check_database_option() == settings.database.get_secret_value()
    finally:
        get_settings.cache_clear()


def check_database_option():
    from extractor.cli.common import _database

    assert _database("sqlite:///given.sqlite") == "sqlite:///given.sqlite"
    return _database(None)


def test_the_image_has_what_a_fresh_machine_is_given():
    bootstrap = (ROOT / "scripts" / "bootstrap").read_text("utf-8")
    wanted = set(re.findall(r"missing\+=\(([\w.-]+)\)", bootstrap)) - {
        "chromium",
        "libreoffice-calc-nogui",
        "python3-venv",
    }
    assert wanted
    assert {package for package in wanted if package not in CONTAINERFILE} == set()
    torch = re.search(r"torch==[\d.]+", bootstrap)[0]
    assert torch in CONTAINERFILE
    assert torch in (ROOT / "scripts" / "offline").read_text("utf-8")
    assert torch in (ROOT / "constraints.txt").read_text("utf-8")
    copied = {word for line in CONTAINERFILE.splitlines() if line.startswith("COPY ") and "--from" not in line
              for word in line.split()[1:-1]}  # fmt: skip
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert {path for path in copied if not (ROOT / path).exists()} == set()
    assert {path for path in copied if path not in allowed} == set()
    assert re.search(r"^USER extractor$", CONTAINERFILE, re.MULTILINE)
    assert "HEALTHCHECK" in CONTAINERFILE


def read_unit(path):
    parsed = configparser.RawConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parsed.optionxform = str
    parsed.read_string(path.read_text("utf-8"))
    return parsed["Service"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_names_the_installed_command_and_locks_itself_in(path):
    service = read_unit(path)
    program, *words = shlex.split(service["ExecStart"])
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert Path(program).name in scripts
    assert Path(program).parent.as_posix() == "/opt/extractor/venv/bin"  # where deploy/offline/install.sh puts it
    assert check_command(words) == "serve"
    for name, value in {
        "ProtectSystem": "strict", "NoNewPrivileges": "yes", "ProtectHome": "yes", "PrivateTmp": "yes",
        "CapabilityBoundingSet": "", "UMask": "0077", "OOMPolicy": "continue", "KillSignal": "SIGINT",
    }.items():  # fmt: skip
        assert service[name] == value, name
    written = service["ReadWritePaths"].split()
    assert any(words[2].startswith(folder + "/") for folder in written)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_finds_no_mistake_in_a_unit(path, tmp_path):
    # The command is not installed where the tests run: a program that there is stands in for it.
    unit = tmp_path / path.name
    unit.write_text(path.read_text("utf-8").replace("/opt/extractor/venv/bin/extractor", "/bin/true"), "utf-8")
    asked = ["systemd-analyze", "verify", str(unit)]
    said = subprocess.run(asked, check=False, capture_output=True, text=True, timeout=60)
    assert [line for line in said.stderr.splitlines() if path.name in line] == []


def test_installers_are_scripts_and_take_nothing_from_the_network():
    for name in ("scripts/offline", "deploy/offline/install.sh", "deploy/container/make-secrets"):
        assert os.access(ROOT / name, os.X_OK), name
        subprocess.run(["bash", "-n", str(ROOT / name)], check=True)
    for name in ("install.sh", "install.ps1"):
        written = (DEPLOY / "offline" / name).read_text("utf-8")
        assert "--no-index" in written
        assert not re.search(r"https?://|curl|wget|Invoke-WebRequest", written)


def test_secrets_are_random_for_their_owner_alone_and_stay(tmp_path):
    script = shutil.copy(DEPLOY / "container" / "make-secrets", tmp_path)
    subprocess.run([script], check=True, capture_output=True)
    folder = tmp_path / "secrets"
    made = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert set(made) == {"database_password", "extractor_database", "extractor_metrics_token"}
    assert re.fullmatch(r"[0-9a-f]{64}", made["database_password"])
    assert made["database_password"] in made["extractor_database"]
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    subprocess.run([script], check=True, capture_output=True)
    assert {path.name: path.read_text("utf-8") for path in folder.iterdir()} == made


def wheel(folder, name, *asks):
    told = "\n".join(
        ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1", *(f"Requires-Dist: {ask}" for ask in asks)]
    )
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as content:
        content.writestr(f"{name}-1.dist-info/METADATA", told)


def test_a_folder_of_wheels_that_lacks_what_another_system_asks_for_is_found_out(tmp_path):
    wheel(tmp_path, "extractor", "reader[fast]>=1", 'x; extra == "test"', 'tool; sys_platform == "linux"')
    wheel(tmp_path, "reader", 'colours; sys_platform == "win32"', 'speed; extra == "fast"')
    wheel(tmp_path, "speed")

    def said(system):
        command = [sys.executable, DEPLOY / "offline" / "check_wheels.py", tmp_path, system]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.splitlines()

    assert said("linux") == (1, ['Missing: extractor asks for tool; sys_platform == "linux"'])
    assert said("windows") == (1, ['Missing: reader asks for colours; sys_platform == "win32"'])
    wheel(tmp_path, "tool")
    assert said("linux") == (0, [])
