/**
 * Completion scripts for bash, zsh and fish, written from the command tree: words, flags, the values of flags with choices, topics of help,
 * and files everywhere else. Only names that are the account's own (identities, configuration sets, templates) are asked of mailctl.
 */
import { SHELLS, type Shell } from './shells.ts'
import { TOPICS } from './topics.ts'
import type { Described, DescribedFlag } from './tree.ts'

/** What `completion --names` lists. */
export const NAME_KINDS = ['identity', 'configuration-set', 'template'] as const
export type NameKind = (typeof NAME_KINDS)[number]

/** Commands whose first argument is such a name. */
export const NAMED_ARGUMENTS: Readonly<Record<string, NameKind>> = {
  ...ofKind('identity', 'identity show', 'identity set', 'identity delete', 'verify domain'),
  ...ofKind('identity', 'dkim rotate', 'dkim show', 'dkim import', 'dkim export', 'dns plan', 'dns publish', 'dns check'),
  ...ofKind('configuration-set', 'config-set show', 'config-set set', 'config-set delete'),
  ...ofKind('template', 'template show', 'template update', 'template delete', 'template render'),
}
const NAMED_FLAGS: Readonly<Record<string, NameKind>> = { '--config-set': 'configuration-set', '--template': 'template' }

function ofKind(kind: NameKind, ...paths: readonly string[]): Record<string, NameKind> {
  return Object.fromEntries(paths.map(path => [path, kind]))
}

interface Node {
  /** `''` for mailctl itself. */
  readonly path: string
  /** Next words with what they do. */
  readonly words: ReadonlyMap<string, string>
  readonly flags: readonly DescribedFlag[]
}

export function completionScript(shell: Shell, commands: readonly Described[], globalFlags: readonly DescribedFlag[]): string {
  return writers[shell](nodesOf(commands, globalFlags))
}

function nodesOf(commands: readonly Described[], globalFlags: readonly DescribedFlag[]): Node[] {
  const nodes = new Map<string, { path: string; words: Map<string, string>; flags: readonly DescribedFlag[] }>()
  const nodeAt = (path: string) => {
    const node = nodes.get(path) ?? { path, words: new Map(), flags: globalFlags }
    nodes.set(path, node)
    return node
  }
  for (const { Path, Summary, Flags } of commands) {
    const words = Path.split(' ')
    for (const [at, word] of words.entries()) {
      const isLast = at === words.length - 1
      nodeAt(words.slice(0, at).join(' ')).words.set(word, isLast ? Summary : `${word} commands`)
    }
    nodeAt(Path).flags = [...Flags, ...globalFlags]
  }
  for (const topic of Object.keys(TOPICS)) nodeAt('help').words.set(topic, 'topic')
  for (const { Path } of commands) nodeAt('help').words.set(Path.split(' ')[0] ?? '', 'command')
  for (const shell of SHELLS) nodeAt('completion').words.set(shell, 'shell')
  return [...nodes.values()]
}

const names = ({ Flags }: DescribedFlag): string[] => Flags.match(/(?<![\w-])--?[\w-]+/g) ?? []
const takesValue = ({ Flags }: DescribedFlag): boolean => /[<[]/.test(Flags)
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

interface ValueFlags {
  /** By name, what may stand behind it. */
  readonly choices: ReadonlyMap<string, readonly string[]>
  /** Those behind which anything may stand. */
  readonly free: readonly string[]
}

/** A flag with the same name has the same choices in every command; one that takes a value in some commands only is taken to take none. */
function valueFlags(nodes: readonly Node[]): ValueFlags {
  const choices = new Map<string, readonly string[]>()
  const [takers, others] = [new Set<string>(), new Set<string>()]
  for (const flag of nodes.flatMap(({ flags }) => flags))
    for (const name of names(flag)) {
      if (flag.Choices) choices.set(name, flag.Choices)
      ;(takesValue(flag) ? takers : others).add(name)
    }
  return { choices, free: [...takers].filter(name => !others.has(name) && !choices.has(name) && !(name in NAMED_FLAGS)) }
}

/** For `case` of a shell: one arm for each, the shell's own ones around the text. */
const arms = <T>(entries: Iterable<T>, write: (entry: T) => string, indent = '    '): string =>
  [...entries].map(entry => indent + write(entry)).join('\n')

/**
 * bash and zsh share their way through the words: from `before`, `previous` and `current` they come to `offered`, words with spaces
 * between, or leave it empty where a file may stand. `path` is no name for a variable: zsh looks for commands there.
 */
function posixBody(nodes: readonly Node[]): string {
  const known = nodes.filter(({ path }) => path !== '').map(({ path }) => quoted(path))
  const { choices, free } = valueFlags(nodes)
  return `  local word='' verb='' last='' next='' flags='' names='' offered=''
  local -a place
  for word in "\${before[@]}"; do
    case "$last" in --home | --profile) place+=("$last" "$word") ;; esac
    last="$word"
    case "\${verb:+$verb }$word" in
      ${known.join(' | ')}) verb="\${verb:+$verb }$word" ;;
    esac
  done
  case "$verb" in
${arms(nodes, ({ path, words, flags }) => `${quoted(path)}) next=${quoted([...words.keys()].join(' '))}; flags=${quoted(flags.flatMap(names).join(' '))} ;;`)}
  esac
  case "$verb" in
${arms(Object.entries(NAMED_ARGUMENTS), ([path, kind]) => `${quoted(path)}) names=${kind} ;;`)}
  esac
  if [[ "$current" == -* ]]; then next="$flags"; names=''; fi
  case "$previous" in
${arms(choices, ([flag, values]) => `${flag}) next=${quoted(values.join(' '))}; names='' ;;`)}
${arms(Object.entries(NAMED_FLAGS), ([flag, kind]) => `${flag}) next=''; names=${kind} ;;`)}
    ${free.join(' | ')}) next=''; names='' ;;
  esac
  if [[ -n "$names" ]]; then next="$("$program" completion --names "$names" "\${place[@]}" 2>/dev/null)"; fi
  offered="$next"`
}

const writers: Readonly<Record<Shell, (nodes: readonly Node[]) => string>> = {
  // Words are taken from the line itself: COMP_WORDS is cut at '@', ':' and '=', which stand in addresses and flags.
  bash: nodes => `# mailctl completion for bash: source <(mailctl completion bash)
_mailctl() {
  local line="\${COMP_LINE:0:COMP_POINT}" program="\${COMP_WORDS[0]}" current='' previous='' at
  local -a before
  read -ra before <<< "$line"
  if [[ "$line" != *[[:space:]] ]]; then current="\${before[\${#before[@]}-1]}"; unset "before[\${#before[@]}-1]"; fi
  if [[ "$current" == --*=* ]]; then before+=("\${current%%=*}"); current="\${current#*=}"; fi
  previous="\${before[\${#before[@]}-1]}"
  before=("\${before[@]:1}")
${posixBody(nodes)}
  COMPREPLY=()
  if [[ -z "$offered" ]]; then return; fi
  mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$current")
  for ((at = \${#current}; at > 0; at--)); do
    case "\${current:at-1:1}" in
      @) ((at--)); break ;; # readline keeps it with the word behind it
      *) if [[ "$COMP_WORDBREAKS" == *"\${current:at-1:1}"* ]]; then break; fi ;;
    esac
  done
  if ((at > 0)); then COMPREPLY=("\${COMPREPLY[@]#"\${current:0:at}"}"); fi
}
complete -o default -F _mailctl mailctl
`,
  zsh: nodes => `#compdef mailctl
# mailctl completion for zsh: source <(mailctl completion zsh), after compinit; or as a file _mailctl in a folder of fpath
_mailctl() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}" program="\${words[1]}"
  local -a before
  before=("\${(@)words[2,CURRENT-1]}")
  if [[ "$current" == --*=* ]]; then previous="\${current%%=*}"; current="\${current#*=}"; compset -P '*='; fi
${posixBody(nodes)}
  if [[ -n "$offered" ]]; then compadd -- \${=offered}; elif [[ -z "$names" ]]; then _files; fi
}
if [[ "\${funcstack[1]}" == _mailctl ]]; then _mailctl "$@"; else compdef _mailctl mailctl; fi
`,
  fish: nodes => {
    const { choices, free } = valueFlags(nodes)
    const list = (entries: Iterable<readonly [string, string]>): string => [...entries].map(entry => entry.map(quoted).join(' ')).join(' ')
    return `# mailctl completion for fish: mailctl completion fish | source
function __mailctl_names
  set -l words (commandline -opc)
  set -l place
  for at in (seq 2 (count $words))
    if contains -- $words[$at] --home --profile
      set place $place $words[$at] $words[(math $at + 1)]
    end
  end
  $words[1] completion --names $argv[1] $place 2>/dev/null
end
function __mailctl_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l previous $words[-1]
  set -l path ''
  for word in $words[2..-1]
    set -l longer (string trim -- "$path $word")
    if contains -- $longer ${nodes
      .filter(({ path }) => path !== '')
      .map(({ path }) => quoted(path))
      .join(' ')}
      set path $longer
    end
  end
  set -l assigned ''
  if string match -q -- '--*=*' $current
    set previous (string split -m 1 = -- $current)[1]
    set assigned "$previous="
  end
  switch $previous
${arms(choices, ([flag, values]) => `case ${flag}; printf "$assigned%s\\n" ${values.map(quoted).join(' ')}; return`)}
${arms(Object.entries(NAMED_FLAGS), ([flag, kind]) => `case ${flag}; printf "$assigned%s\\n" (__mailctl_names ${kind}); return`)}
    case ${free.join(' ')}; __fish_complete_path $current; return
  end
  if string match -q -- '-*' $current
    switch $path
${arms(nodes, ({ path, flags }) => `case ${quoted(path)}; printf '%s\\t%s\\n' ${list(flags.flatMap(flag => names(flag).map(name => [name, flag.Summary] as const)))}`, '      ')}
    end
    return
  end
  switch $path
${arms(
  nodes.filter(({ words }) => words.size > 0),
  ({ path, words }) => `case ${quoted(path)}; printf '%s\\t%s\\n' ${list(words)}`,
)}
${arms(Object.entries(NAMED_ARGUMENTS), ([path, kind]) => `case ${quoted(path)}; __mailctl_names ${kind}`)}
    case '*'; __fish_complete_path $current
  end
end
complete -c mailctl -f -a '(__mailctl_complete)'
`
  },
}
