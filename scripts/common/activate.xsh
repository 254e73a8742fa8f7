# For xonsh. Run `source bin/activate.xsh` to put this environment's programs first on PATH, and `deactivate` to undo
# that.

def _virtual_env_activate(script, prompt, bin_name):
    import os
    import re
    from xonsh.built_ins import XSH

    # The environment that the script is in now, which may have been moved; the script may be reached through a link.
    places = [os.path.dirname(os.path.dirname(path)) for path in (os.path.abspath(script), os.path.realpath(script))]
    places = [place for place in places if os.path.exists(os.path.join(place, 'pyvenv.cfg'))]
    if not places:
        raise RuntimeError(script + ' is not in an environment: there is no pyvenv.cfg beside its directory')
    virtual_env = places[0]

    env, aliases = XSH.env, XSH.aliases
    missing = object()
    bin_path = os.path.join(virtual_env, bin_name)
    for name in re.findall(r'\$(\w+)', bin_path):
        if name in env:
            raise ValueError(bin_path + ' contains the name of a variable, which xonsh would expand: $' + name)

    # Another environment may be active in this shell.
    undo = XSH.ctx.pop('_virtual_env_undo', None)
    if undo:
        undo()

    names = ['PATH', 'PYTHONHOME']
    old = {name: env[name] for name in names if name in env}
    old['PATH'] = list(env['PATH'])
    old_alias = aliases.get('deactivate') if 'deactivate' in aliases else missing
    has_pydoc = 'pydoc' in aliases

    # Everything that activation changes is restored; what was unset is unset again. VIRTUAL_ENV may be inherited from a
    # shell with another PATH, so it is always unset.
    def undo():
        XSH.ctx.pop('_virtual_env_undo', None)
        for name in names + ['VIRTUAL_ENV', 'VIRTUAL_ENV_PROMPT']:
            if name in old:
                env[name] = old[name]
            elif name in env:
                del env[name]
        if old_alias is missing:
            del aliases['deactivate']
        else:
            aliases['deactivate'] = old_alias
        if not has_pydoc:
            aliases.pop('pydoc', None)

    XSH.ctx['_virtual_env_undo'] = undo
    aliases['deactivate'] = lambda args: undo()
    # `pydoc` is the environment's, too, unless it is an alias of the user's.
    if not has_pydoc:
        aliases['pydoc'] = ['python', '-m', 'pydoc']

    env['VIRTUAL_ENV'] = virtual_env
    env['VIRTUAL_ENV_PROMPT'] = prompt
    env['PATH'] = [bin_path] + old['PATH']

    # PYTHONHOME would make the environment's Python look for its modules elsewhere.
    if 'PYTHONHOME' in env:
        del env['PYTHONHOME']

    # xonsh's own prompt has a field for the environment.
    shown = env.get('PROMPT')
    if isinstance(shown, str) and '{env_name' not in shown and not env.get('VIRTUAL_ENV_DISABLE_PROMPT'):
        # A prompt that nobody has set is xonsh's default.
        names.append('PROMPT')
        if env.is_manually_set('PROMPT'):
            old['PROMPT'] = shown
        env['PROMPT'] = '(' + prompt.replace('{', '{{').replace('}', '}}') + ') ' + shown


_virtual_env_activate(__file__, __VENV_PROMPT__, __VENV_BIN_NAME__)
del _virtual_env_activate
