/** Whether the terminal's character set is UTF-8. POSIX: LC_ALL beats LC_CTYPE beats LANG; Windows terminals are UTF-8 by themselves. */
export function isUtf8Locale(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  if (locale === '') return process.platform === 'win32'
  return /utf-?8/i.test(locale)
}
