#define _CYRUS_VERSION "v2.3.13"
