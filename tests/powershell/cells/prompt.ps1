# The prompt: what it sees, whose it is, and who may replace it.

cell 'the prompt sees the last command''s status' {
    function prompt { "<$? $global:LASTEXITCODE>" }
    $global:LASTEXITCODE = 3
    . $SCRIPT
    Get-Item (Join-Path $TEMPORARY 'missing') -ErrorAction Ignore
    $failed = (prompt 6>&1) -join ''
    $null = 1 + 1
    $worked = (prompt 6>&1) -join ''
    must ($failed -like '*<False 3>') $failed
    must ($worked -like '*<True 3>') $worked
    deactivate
}

cell 'what the prompt returns and writes comes out' {
    function prompt { Write-Host -NoNewline 'written '; 'one'; 'two' }
    . $SCRIPT
    $parts = @(prompt 6>&1 | ForEach-Object { "$_" })
    must (($parts -join '|') -ceq "($(Split-Path -Leaf $DIR)) |written |one|two") ($parts -join '|')
    deactivate
    must ((@(prompt 6>&1) -join '|') -ceq 'written |one|two') 'restored'
}

cell 'a prompt keeps its options' {
    function prompt { 'mine> ' }
    Set-Item Function:prompt $function:prompt -Options ReadOnly
    . $SCRIPT
    must_be_active $DIR
    must ("$((Get-Item Function:prompt).Options)" -match 'ReadOnly') 'while active'
    deactivate
    must ("$((Get-Item Function:prompt).Options)" -match 'ReadOnly') 'afterwards'
    must ((shown) -ceq 'mine> ') (shown)
}

cell 'a constant prompt is left alone' {
    Remove-Item Function:prompt
    New-Item -Path Function:prompt -Value { 'mine> ' } -Options Constant | Out-Null
    . $SCRIPT
    must ((shown) -ceq 'mine> ') (shown)
    must (-not (Test-Path Function:_OLD_VIRTUAL_PROMPT)) 'saved'
    deactivate
    must_be_inactive
}

cell 'no prompt is no error' {
    Remove-Item Function:prompt
    . $SCRIPT
    must (-not (Test-Path Function:prompt)) 'a prompt'
    deactivate
    must_be_inactive
}

cell 'a prompt that replaces ours stays' {
    . $SCRIPT
    function global:prompt { 'new> ' }
    deactivate
    must ((shown) -ceq 'new> ') (shown)
    must_be_inactive
}

cell 'a prompt that wraps ours stays, without our prefix' {
    function prompt { 'mine> ' }
    . $SCRIPT
    $global:wrapped = $function:prompt
    function global:prompt { '[' + (& $global:wrapped) + ']' }
    must ((shown) -like '(*) *mine> *') (shown)
    deactivate
    must ((shown) -ceq '[mine> ]') (shown)
    . $SECOND_SCRIPT
    must ((shown) -ceq "($(Split-Path -Leaf $SECOND)) [mine> ]") (shown)
    deactivate
    must ((shown) -ceq '[mine> ]') (shown)
}
