# hoko_completions(PROGRAM): what bash, zsh and fish load by themselves, written by
# PROGRAM from its option tables.
function(hoko_completions program)
  set(bash ${CMAKE_CURRENT_BINARY_DIR}/completions/hoko)
  set(zsh ${CMAKE_CURRENT_BINARY_DIR}/completions/_hoko)
  set(fish ${CMAKE_CURRENT_BINARY_DIR}/completions/hoko.fish)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/completions)
  foreach(shell bash zsh fish)
    add_custom_command(OUTPUT ${${shell}}
      COMMAND ${program} completion ${shell} > ${${shell}}
      DEPENDS ${program} COMMENT "Completion for ${shell}")
  endforeach()
  add_custom_target(${program}_completions ALL DEPENDS ${bash} ${zsh} ${fish})
  install(FILES ${bash} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${zsh} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${fish} DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endfunction()
