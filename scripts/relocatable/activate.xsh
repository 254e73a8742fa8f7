def _virtual_env_dir(script):
    import os
    from xonsh.built_ins import XSH

    # This environment may be moved, so it is found from where the script is now, which may be reached through a link.
    XSH.ctx.pop('_virtual_env_dir', None)
    for path in (os.path.abspath(script), os.path.realpath(script)):
        directory = os.path.dirname(os.path.dirname(path))
        if os.path.exists(os.path.join(directory, 'pyvenv.cfg')):
            return directory
    raise RuntimeError(script + ' is not in an environment: there is no pyvenv.cfg beside its directory')

