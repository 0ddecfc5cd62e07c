#define _CYRUS_VERSION "v2.4.17-Stand-In"
