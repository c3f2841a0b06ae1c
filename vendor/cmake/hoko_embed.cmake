# hoko_embed(TARGET TABLE FILE…): compiles the files into TARGET as
# `const struct embed TABLE[]` (base/embed.h), each under its name without folder.
set(HOKO_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/hoko_embed_write.cmake)

function(hoko_embed target table)
  set(files)
  foreach(file ${ARGN})
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    list(APPEND files ${file})
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${table}.c)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DTABLE=${table} -DOUTPUT=${output} "-DFILES=${files}"
            -P ${HOKO_EMBED_SCRIPT}
    DEPENDS ${files} ${HOKO_EMBED_SCRIPT}
    COMMENT "Embedding ${table}" VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
