// `require('mailctl/test')`. jest gives each test file a realm with a module loader of its own, which takes no ES modules, and with timers that the test
// may replace: the account is loaded outside of it, by Node's loader.
const { runInThisContext } = require('node:vm')
const { createRequire } = runInThisContext("process.getBuiltinModule('node:module')")
module.exports = createRequire(__filename)('./test.js')
