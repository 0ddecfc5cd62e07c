/* which release this is */
#define _CYRUS_VERSION "v2.0.16"
