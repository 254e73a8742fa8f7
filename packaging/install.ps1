# One statement, so that PowerShell runs nothing of a script that was cut off.
if ($true) { & {
    param([switch]$AddToPath, [switch]$Uninstall, [switch]$Quiet, [switch]$Help)
    $ErrorActionPreference = 'Stop'
    $version = '@VERSION@'
    # Where releases have their files; empty if rvenv was built without its repository's address.
    $releases = '@RELEASES@'
    # The SHA-256 of this version's archives.
    $sums = '@SUMS@'
    $limit = 120 # seconds for a download
    if ($Help) {
        return "Installs rvenv $version for the user that runs this. Nothing else is changed.

  -AddToPath           Put the directory on the user's PATH
  -Uninstall           Remove what was installed, and the directory from the user's PATH
  -Quiet               Print only errors

Variables:
  RVENV_INSTALL_DIR    The directory for the program [default: %LOCALAPPDATA%\Programs\rvenv]
  RVENV_VERSION        The version to install, if not this one
  RVENV_DOWNLOAD_URL   The address of a directory with the release's files, such as a mirror"
    }
    function Say($text) { if (-not $Quiet) { $text } }
    # What others wrote on the user's PATH is not expanded.
    function Set-UserPath([bool]$wanted) {
        $key = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey('Environment')
        $is = [string]$key.GetValue('Path', '', 'DoNotExpandEnvironmentNames')
        $others = @($is.Split(';') | Where-Object { $_.TrimEnd('\') -ne $directory })
        if ($wanted -eq ($others.Count -lt $is.Split(';').Count)) { return }
        $kind = if ($is) { $key.GetValueKind('Path') } else { 'ExpandString' }
        $key.SetValue('Path', $(if ($wanted) { "$directory;$is".TrimEnd(';') } else { $others -join ';' }), $kind)
        # Tells the program that starts terminals.
        [Environment]::SetEnvironmentVariable('rvenv-no-such-variable', [NullString]::Value, 'User')
    }
    function Fetch($file) {
        try { , $client.GetByteArrayAsync("$place/$file").GetAwaiter().GetResult() }
        catch { throw "could not download $place/${file}: $($_.Exception.GetBaseException().Message)" }
    }
    if ($env:OS -ne 'Windows_NT') { throw 'install.ps1 is for Windows; on Linux and macOS, use install.sh' }
    $directory = $env:RVENV_INSTALL_DIR
    if (-not $directory -and $env:LOCALAPPDATA) { $directory = Join-Path (Join-Path $env:LOCALAPPDATA 'Programs') 'rvenv' }
    if (-not $directory) { throw 'LOCALAPPDATA is not set; set RVENV_INSTALL_DIR to the directory for the program' }
    $directory = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($directory).TrimEnd('\')
    $program = Join-Path $directory 'rvenv.exe'
    # A program that runs can be renamed, but not replaced or removed.
    $old = "$program.$([guid]::NewGuid()).old"
    $all_old = "$([WildcardPattern]::Escape($program)).*.old"
    if ($Uninstall) {
        if (-not (Test-Path -LiteralPath $program)) { throw "there is no $program; if it is elsewhere, set RVENV_INSTALL_DIR" }
        [IO.File]::Move($program, $old)
        Remove-Item -Path $all_old -ErrorAction SilentlyContinue
        try { [IO.Directory]::Delete($directory) } catch { Write-Debug 'It is not empty' }
        Set-UserPath $false
        return Say "Removed $program"
    }
    if ($env:RVENV_VERSION -and $env:RVENV_VERSION.TrimStart('v') -ne $version) { $version, $sums = $env:RVENV_VERSION.TrimStart('v'), '' }
    if ($version -notmatch '^[0-9A-Za-z.+-]+$') { throw "RVENV_VERSION is not a version: $version" }
    # The variable of a PowerShell that is emulated names what is emulated.
    $machine = (Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment' -ErrorAction Ignore).PROCESSOR_ARCHITECTURE
    if (-not $machine) { $machine = "$env:PROCESSOR_ARCHITECTURE" }
    $target = @{ AMD64 = 'x86_64-pc-windows-gnu'; ARM64 = 'aarch64-pc-windows-gnullvm' }[$machine]
    if (-not $target) { throw "there is no program for Windows on $machine; with Rust, build one: cargo install rvenv" }
    $name = "rvenv-$version-$target"
    $place = if ($env:RVENV_DOWNLOAD_URL) { $env:RVENV_DOWNLOAD_URL.TrimEnd('/') } elseif ($releases) { "$releases/download/v$version" }
    if (-not $place) { throw 'this script was built without the address of the releases; set RVENV_DOWNLOAD_URL to the address of a directory with the files of one' }
    Say "Downloading $place/$name.zip"
    # Windows PowerShell 5.1 has these only on request.
    Add-Type -AssemblyName System.Net.Http, System.IO.Compression, System.IO.Compression.FileSystem
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
    $client = New-Object Net.Http.HttpClient -Property @{ Timeout = [TimeSpan]::FromSeconds($limit) }
    if (-not $sums) { $sums = [Text.Encoding]::ASCII.GetString((Fetch 'SHA256SUMS')) }
    if ($sums -notmatch "(?m)^([0-9a-f]{64})  $([regex]::Escape($name))\.zip\r?$") { throw "there is no hash of $name.zip in $place/SHA256SUMS" }
    $wanted = $Matches[1]
    $bytes = Fetch "$name.zip"
    $sum = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($bytes)).Replace('-', '').ToLower()
    if ($sum -ne $wanted) { throw "$place/$name.zip is damaged or not of this release: its SHA-256 is $sum, not $wanted" }
    $null = New-Item -ItemType Directory -Force $directory
    $new = Join-Path $directory "rvenv-$([guid]::NewGuid()).exe"
    try {
        $archive = [IO.Compression.ZipArchive]::new([IO.MemoryStream]::new($bytes))
        [IO.Compression.ZipFileExtensions]::ExtractToFile($archive.GetEntry("$name/rvenv.exe"), $new)
        $said = & $new --version
        if ($said -ne "rvenv $version") { throw "the program does not run in ${directory}: $said" }
        if (Test-Path -LiteralPath $program) { [IO.File]::Move($program, $old) }
        try { [IO.File]::Move($new, $program) } catch { if (Test-Path -LiteralPath $old) { [IO.File]::Move($old, $program) } throw }
    }
    finally { Remove-Item -LiteralPath $new -ErrorAction SilentlyContinue }
    Remove-Item -Path $all_old -ErrorAction SilentlyContinue
    if ($AddToPath) { Set-UserPath $true }
    $is_on_path = $env:PATH.Split([IO.Path]::PathSeparator).TrimEnd('\') -contains $directory
    if ($AddToPath -and -not $is_on_path) { $env:PATH = $directory + [IO.Path]::PathSeparator + $env:PATH }
    elseif (-not $is_on_path) { Say "$directory is not on PATH; -AddToPath puts it there, for this session: `$env:PATH = '$($directory.Replace("'", "''"));' + `$env:PATH" }
    $first = (Get-Command rvenv -CommandType Application -ErrorAction Ignore | Select-Object -First 1).Source
    if ($first -and $first -ne $program) { Say "Another rvenv comes first on PATH: $first" }
    Say "rvenv $version is installed in $directory. To create an environment: rvenv .venv"
} @args }
