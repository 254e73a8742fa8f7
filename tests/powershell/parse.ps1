# parse.ps1 FILE…: parses each file with PowerShell's own parser, and refuses what Windows PowerShell 5.1 lacks. Prints a
# line for each fault.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$later = 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket', 'QuestionMark', 'AndAnd', 'OrOr', 'Clean'
$later_variables = 'IsWindows', 'IsLinux', 'IsMacOS', 'IsCoreCLR', 'PSStyle'

function Find-Fault($ast, $tokens, $errors) {
    $errors | ForEach-Object { "$($_.Extent.StartLineNumber): $($_.Message)" }
    $tokens | Where-Object { "$($_.Kind)" -in $later } | ForEach-Object { "$($_.Extent.StartLineNumber): $($_.Text)" }
    $variables = $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.VariableExpressionAst] }, $true)
    $variables | Where-Object { "$($_.VariablePath)" -in $later_variables } | ForEach-Object { "$($_.Extent.StartLineNumber): $_" }
    foreach ($command in $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)) {
        $parameters = @($command.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] })
        $names = @($parameters | ForEach-Object { $_.ParameterName })
        $refused = switch ($command.GetCommandName()) {
            'Split-Path' { 'LiteralPath' -in $names -and 'Parent' -in $names }
            'Join-Path' { $command.CommandElements.Count - $parameters.Count -gt 3 -or 'AdditionalChildPath' -in $names }
            default { $false }
        }
        if ($refused) { "$($command.Extent.StartLineNumber): $command" }
    }
}

foreach ($file in $args) {
    $tokens = $errors = $null
    $path = (Resolve-Path -LiteralPath $file).ProviderPath
    $ast = [System.Management.Automation.Language.Parser]::ParseFile($path, [ref] $tokens, [ref] $errors)
    $faults = @(Find-Fault $ast $tokens $errors)
    # It reads a file without a byte order mark in the system's code page.
    if (-not "$ast".StartsWith([char] 0xfeff) -and [IO.File]::ReadAllBytes($path)[0] -ne 0xef -and "$ast" -match '[^\x00-\x7f]') {
        $faults += '1: no byte order mark'
    }
    $faults | ForEach-Object { "${file}:$_" }
}
