# Installs the product from this folder on Windows (64 bit), without any network, and looks whether it works.
#   install.bat [-Target C:\extractor] [-Python C:\path\python.exe]
# Needed beside it: Python 3.11 (64 bit), Tesseract 5 with vie.traineddata, and poppler, whose folders with tesseract.exe
# and pdftoppm.exe must be in PATH.
param(
    [string]$Target = "$env:LOCALAPPDATA\extractor",
    [string]$Python = ""
)
$ErrorActionPreference = "Stop"
$here = Split-Path -Parent $MyInvocation.MyCommand.Path

Write-Host "Looking whether the copy is whole"
foreach ($line in Get-Content -Encoding UTF8 (Join-Path $here "SHA256SUMS")) {
    $digest, $name = $line -split " [ *]", 2
    $file = Join-Path $here $name
    if (-not (Test-Path -LiteralPath $file) -or (Get-FileHash -Algorithm SHA256 -LiteralPath $file).Hash -ne $digest) {
        throw "This copy lacks or changed ${name}: copy it again."
    }
}

if ($Python -eq "") {
    $Python = (& py -3.11 -c "import sys; print(sys.executable)") 2>$null
}
if (-not $Python) { throw "Python 3.11 (64 bit) is needed: install it, or name it with -Python." }
$tag = & $Python -c "import struct, sys; print('cp%d%d-%d' % (*sys.version_info[:2], 8 * struct.calcsize('P')))"
if ($tag -ne "cp311-64") { throw "The wheels are for Python 3.11, 64 bit; this is $tag." }

$venv = Join-Path $Target "venv"
$before = Join-Path $Target "venv.before"
New-Item -ItemType Directory -Force $Target | Out-Null
if (Test-Path $before) { Remove-Item -Recurse -Force $before }
if (Test-Path $venv) { Rename-Item $venv "venv.before" }
try {
    Write-Host "Installing into $venv"
    & $Python -m venv $venv
    $program = Join-Path $venv "Scripts\python.exe"
    & $program -m pip --isolated --disable-pip-version-check install --quiet --no-index --no-cache-dir `
        --find-links (Join-Path $here "wheels") --constraint (Join-Path $here "constraints.txt") extractor
    if ($LASTEXITCODE -ne 0) { throw "The packages could not be installed." }
    New-Item -ItemType Directory -Force (Join-Path $venv "share") | Out-Null
    Copy-Item -Recurse -Force (Join-Path $here "share") (Join-Path $venv "share\extractor")
} catch {
    if (Test-Path $venv) { Remove-Item -Recurse -Force $venv }
    if (Test-Path $before) { Rename-Item $before "venv" }
    throw
}

Write-Host "Looking whether it works"
& (Join-Path $venv "Scripts\extractor.exe") doctor
$status = $LASTEXITCODE
Write-Host "Installed: $venv\Scripts\extractor.exe. The version before it, if there was one: $before."
if ($status -ne 0) { Write-Host "The table above names what is still missing." }
exit $status
