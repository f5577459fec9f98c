/**
 * Completion scripts for bash, zsh and fish, written from the command tree: words, flags, the values of flags with choices, and files
 * everywhere else. The scripts stand alone: completing runs no mailctl.
 */
import type { Described, DescribedFlag } from './tree.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

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
  return [...nodes.values()]
}

const longName = ({ Flags }: DescribedFlag): string => /--[\w-]+/.exec(Flags)?.[0] ?? ''
const names = ({ Flags }: DescribedFlag): string[] => Flags.match(/(?<![\w-])--?[\w-]+/g) ?? []
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Choices by flag; a flag with the same name has the same choices in every command, or its values are left to the shell. */
function choicesOf(nodes: readonly Node[]): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const flag of nodes.flatMap(({ flags }) => flags)) if (flag.Choices) found.set(longName(flag), flag.Choices)
  return found
}

/** bash and zsh share their way through the words; only the last lines differ. */
function posixBody(nodes: readonly Node[]): string {
  const known = nodes.filter(({ path }) => path !== '').map(({ path }) => quoted(path))
  const choices = [...choicesOf(nodes)].map(([flag, values]) => `    ${flag}) values=${quoted(values.join(' '))} ;;`)
  return `  local word='' path='' next='' flags='' values=''
  for word in "\${before[@]}"; do
    case "\${path:+$path }$word" in
      ${known.join(' | ')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${nodes.map(({ path, words, flags }) => `    ${quoted(path)}) next=${quoted([...words.keys()].join(' '))}; flags=${quoted(flags.flatMap(names).join(' '))} ;;`).join('\n')}
  esac
  case "$previous" in
${choices.join('\n')}
  esac`
}

const writers: Readonly<Record<Shell, (nodes: readonly Node[]) => string>> = {
  bash: nodes => `# mailctl completion for bash: source <(mailctl completion bash)
_mailctl() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
${posixBody(nodes)}
  COMPREPLY=()
  if [[ -n "$values" ]]; then next="$values"; elif [[ "$current" == -* ]]; then next="$flags"; fi
  if [[ -n "$next" ]]; then mapfile -t COMPREPLY < <(compgen -W "$next" -- "$current"); fi
}
complete -o default -F _mailctl mailctl
`,
  zsh: nodes => `#compdef mailctl
# mailctl completion for zsh: source <(mailctl completion zsh)
_mailctl() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}"
  local before=("\${(@)words[2,CURRENT-1]}")
${posixBody(nodes)}
  if [[ -n "$values" ]]; then next="$values"; elif [[ "$current" == -* ]]; then next="$flags"; fi
  if [[ -n "$next" ]]; then compadd -- \${(s: :)next}; else _files; fi
}
compdef _mailctl mailctl
`,
  fish: nodes => `# mailctl completion for fish: mailctl completion fish | source
function __mailctl_path
  set -l path ''
  for word in (commandline -opc)[2..-1]
    set -l longer (string trim -- "$path $word")
    if contains -- $longer ${nodes
      .filter(({ path }) => path !== '')
      .map(({ path }) => quoted(path))
      .join(' ')}
      set path $longer
    end
  end
  echo -n $path
end
${nodes.flatMap(fishLines).join('\n')}
`,
}

function fishLines({ path, words, flags }: Node): string[] {
  const here = `complete -c mailctl -n ${quoted(`test (__mailctl_path) = "${path}"`)}`
  return [
    ...[...words].map(([word, summary]) => `${here} -f -a ${word} -d ${quoted(summary)}`),
    ...flags.map(flag => {
      const short = names(flag).find(name => !name.startsWith('--'))
      const value = /[<[]/.test(flag.Flags) ? (flag.Choices ? ` -x -a ${quoted(flag.Choices.join(' '))}` : ' -r') : ''
      return `${here} -l ${longName(flag).slice(2)}${short ? ` -s ${short.slice(1)}` : ''}${value} -d ${quoted(flag.Summary)}`
    }),
  ]
}
