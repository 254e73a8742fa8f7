# This environment may be moved, so the shell has to report where this script is now.
const script = path self
def env-dir [] {
    let near = $script | path dirname --num-levels 2
    # The script may be reached through a link.
    if ($near | path join pyvenv.cfg | path exists) { return $near }
    let real = $script | path expand | path dirname --num-levels 2
    if ($real | path join pyvenv.cfg | path exists) { return $real }
    error make --unspanned { msg: $"($script) is not in an environment: there is no pyvenv.cfg beside its directory" }
}
