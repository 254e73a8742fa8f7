def _virtual_env_dir(script):
    import os
    from xonsh.built_ins import XSH

    # This environment may be moved, so it is where the script is now, which may be reached by a link.
    XSH.ctx.pop('_virtual_env_dir', None)
    near, real = (os.path.dirname(os.path.dirname(of(script))) for of in (os.path.abspath, os.path.realpath))
    return near if os.path.exists(os.path.join(near, 'pyvenv.cfg')) else real

