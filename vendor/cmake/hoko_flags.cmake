add_library(hoko_warnings INTERFACE)
target_compile_options(hoko_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wvla
  $<$<BOOL:${HOKO_WERROR}>:-Werror>)

# The one interface target that carries how our code is compiled.
add_library(hoko_flags INTERFACE)
target_link_libraries(hoko_flags INTERFACE hoko_warnings)
target_compile_features(hoko_flags INTERFACE c_std_11)
target_compile_definitions(hoko_flags INTERFACE _GNU_SOURCE HOKO_VERSION="${PROJECT_VERSION}")
target_include_directories(hoko_flags INTERFACE ${PROJECT_SOURCE_DIR}/core)
target_compile_options(hoko_flags INTERFACE
  -fPIE -fstack-protector-strong -fno-strict-overflow -fno-plt
  $<$<CONFIG:RelWithDebInfo,Release>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)
target_link_options(hoko_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)

if(HOKO_SANITIZE)
  target_compile_options(hoko_flags INTERFACE
    -fsanitize=${HOKO_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(hoko_flags INTERFACE -fsanitize=${HOKO_SANITIZE})
endif()
if(HOKO_COVERAGE)
  target_compile_options(hoko_flags INTERFACE --coverage)
  target_link_options(hoko_flags INTERFACE --coverage)
endif()
if(HOKO_FUZZ)
  target_compile_options(hoko_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
