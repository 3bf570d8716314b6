/* Read in front of each file of durable-rules when it is compiled (see install.sh). The compiler itself says here whether
 * it optimises; tests/system/test_install.py looks for the mark in the extension that is installed. */
#ifdef __OPTIMIZE__
__attribute__((used)) static const char credence_mark[] = "credence: durable-rules compiled with optimisation";
#endif
