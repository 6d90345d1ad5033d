-- table demo.app.tbl_location: loc_pointer INT64, Country_Code STRING, AddrLine1 STRING, AddrLine2 STRING, AddrLine3 STRING, AddrLine4 STRING, AddrLine5 STRING, AddrLine6 STRING, ObjectPointer INT64, Latitude FLOAT64, Longitude FLOAT64
-- table demo.app_staging.tbl_location__RUN: _plimsoll_op STRING, loc_pointer INT64, Country_Code STRING, AddrLine1 STRING, AddrLine2 STRING, AddrLine3 STRING, AddrLine4 STRING, AddrLine5 STRING, AddrLine6 STRING, ObjectPointer INT64, Latitude FLOAT64, Longitude FLOAT64
MERGE `demo.app.tbl_location` AS T
USING `demo.app_staging.tbl_location__RUN` AS S
ON T.`loc_pointer` = S.`loc_pointer` AND T.`loc_pointer` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`Country_Code` = S.`Country_Code`, T.`AddrLine1` = S.`AddrLine1`, T.`AddrLine2` = S.`AddrLine2`, T.`AddrLine3` = S.`AddrLine3`, T.`AddrLine4` = S.`AddrLine4`, T.`AddrLine5` = S.`AddrLine5`, T.`AddrLine6` = S.`AddrLine6`, T.`ObjectPointer` = S.`ObjectPointer`, T.`Latitude` = S.`Latitude`, T.`Longitude` = S.`Longitude`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`loc_pointer`, `Country_Code`, `AddrLine1`, `AddrLine2`, `AddrLine3`, `AddrLine4`, `AddrLine5`, `AddrLine6`, `ObjectPointer`, `Latitude`, `Longitude`) VALUES (S.`loc_pointer`, S.`Country_Code`, S.`AddrLine1`, S.`AddrLine2`, S.`AddrLine3`, S.`AddrLine4`, S.`AddrLine5`, S.`AddrLine6`, S.`ObjectPointer`, S.`Latitude`, S.`Longitude`)
