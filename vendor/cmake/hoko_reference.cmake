# The target `reference` writes what is made from lua/hoko/reference.lua: annotations
# for editors and the manual page of the Lua API.  They are in the repository, so that a
# build needs no Lua interpreter; a test fails when they drift.
find_program(HOKO_LUA lua5.4 DOC "Writes the reference's files (Debian: lua5.4)")
if(HOKO_LUA)
  add_custom_target(reference
    COMMAND sh -c "\"$1\" lua/hoko/manual.lua meta > lua/hoko/meta/hoko.lua" sh ${HOKO_LUA}
    COMMAND sh -c "\"$1\" lua/hoko/manual.lua scdoc > core/cli/help/lua.scd" sh ${HOKO_LUA}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/lua/hoko/meta/hoko.lua DESTINATION ${CMAKE_INSTALL_DATADIR}/hoko/meta)
