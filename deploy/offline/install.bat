@echo off
rem Starts the installer beside this file; the policy holds for this one call.
powershell -NoProfile -ExecutionPolicy Bypass -File "%~dp0install.ps1" %*
