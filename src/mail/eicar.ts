/** The EICAR test file, put together at run time: a source file with it in one piece would be taken away by virus scanners. */
export const PAYLOAD = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join('')
