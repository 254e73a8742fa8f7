# This environment may be moved, so the shell is asked where it is now.
const script = path self
def env-dir [] {
    let near = $script | path dirname --num-levels 2
    # The script may be reached by a link.
    if ($near | path join pyvenv.cfg | path exists) { $near } else { $script | path expand | path dirname --num-levels 2 }
}
